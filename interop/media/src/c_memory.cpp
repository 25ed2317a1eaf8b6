// SPDX-License-Identifier: MIT
// mrda/media/media.h: buffers, frames, data.
#include <cstdint>

#include "c_answer.h"
#include "mrda/media/layout.h"

using mrda::Errc;
using mrda::Result;
using namespace mrda::media;

int mrda_media_buffer_allocate(mrda_media_context context, uint32_t device, int32_t bank,
                               uint64_t length_bytes, mrda_media_buffer* buffer,
                               mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(buffer, "buffer"));
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        MRDA_ASSIGN(const auto on, in->device(device));
        MRDA_ASSIGN(auto made, on->allocate(bank, length_bytes));
        *buffer = handles().add(std::move(made));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_buffer_allocate_for(mrda_media_context context, uint32_t device, uint32_t unit,
                                   uint32_t argument, uint64_t length_bytes,
                                   mrda_media_buffer* buffer, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(buffer, "buffer"));
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        const auto units = in->units(device);
        if (unit >= units.size()) {
            return mrda::make_error(Errc::invalid_argument,
                                    "unit " + std::to_string(unit) + " of " +
                                        std::to_string(units.size()) + " on device " +
                                        std::to_string(device));
        }
        MRDA_ASSIGN(auto made, units[unit]->allocate_for(argument, length_bytes));
        *buffer = handles().add(std::move(made));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_buffer_info(mrda_media_buffer buffer, mrda_buffer* info, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(info, "info"));
        MRDA_ASSIGN(const auto found, handles().find_as<const Buffer>(buffer));
        MRDA_TRY(tell_as_known(found->view(), info, "info"));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_buffer_read(mrda_media_buffer buffer, uint64_t offset_bytes, void* into,
                           uint64_t length_bytes, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(into, "into"));
        MRDA_ASSIGN(const auto found, handles().find_as<const Buffer>(buffer));
        MRDA_TRY(found->read(offset_bytes, {static_cast<std::byte*>(into), length_bytes}));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_buffer_write(mrda_media_buffer buffer, uint64_t offset_bytes, const void* from,
                            uint64_t length_bytes, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(from, "from"));
        MRDA_ASSIGN(const auto found, handles().find_as<const Buffer>(buffer));
        MRDA_TRY(found->write(offset_bytes, {static_cast<const std::byte*>(from), length_bytes}));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_layout_of(uint32_t drm_fourcc, uint32_t width_px, uint32_t height_px,
                         mrda_media_layout* layout, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(layout, "layout"));
        MRDA_ASSIGN(const auto linear, mrda::FrameLayout::linear(drm_fourcc, width_px, height_px));
        *layout = to_media(linear);
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_layout_bytes(const mrda_media_layout* layout, uint64_t* bytes,
                            mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(layout, "layout"));
        MRDA_TRY(check_given(bytes, "bytes"));
        MRDA_ASSIGN(const auto checked, from_media(*layout));
        *bytes = checked.size_bytes();
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_frame_of(mrda_media_buffer buffer, const mrda_media_layout* layout,
                        mrda_media_frame* frame, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(layout, "layout"));
        MRDA_TRY(check_given(frame, "frame"));
        MRDA_ASSIGN(auto found, handles().find_as<const Buffer>(buffer));
        MRDA_ASSIGN(const auto checked, from_media(*layout));
        MRDA_ASSIGN(auto made, frame_of(std::move(found), checked));
        *frame = handles().add(std::make_shared<Guarded<Frame>>(std::move(made)));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_frame_buffer(mrda_media_frame frame, mrda_media_buffer* buffer,
                            mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(buffer, "buffer"));
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Frame>>(frame));
        *buffer = handles().add(found->get().buffer);
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_frame_info(mrda_media_frame frame, mrda_media_layout* layout, int64_t* pts,
                          uint32_t* flags, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Frame>>(frame));
        const Frame told = found->get();
        if (layout != nullptr) {
            *layout = told.layout;
        }
        if (pts != nullptr) {
            *pts = told.pts;
        }
        if (flags != nullptr) {
            *flags = told.key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U;
        }
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_frame_set(mrda_media_frame frame, int64_t pts, uint32_t flags,
                         mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Frame>>(frame));
        found->change([&](Frame& set) {
            set.pts = pts;
            set.key_frame = (flags & MRDA_FRAME_KEY) != 0;
        });
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_frame_add_side_data(mrda_media_frame frame, uint32_t kind, const void* bytes,
                                   uint64_t length_bytes, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(bytes, "bytes"));
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Frame>>(frame));
        const auto* const begin = static_cast<const std::byte*>(bytes);
        found->change([&](Frame& set) {
            // Clones, and a session that has the frame, keep the list that they know.
            std::vector<SideData> list =
                set.side_data == nullptr ? std::vector<SideData>() : *set.side_data;
            list.push_back({kind, {begin, begin + length_bytes}});
            set.side_data = std::make_shared<const std::vector<SideData>>(std::move(list));
        });
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_data_of(mrda_media_buffer buffer, uint64_t offset_bytes, uint64_t length_bytes,
                       int64_t pts, mrda_media_data* data, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(data, "data"));
        MRDA_ASSIGN(auto found, handles().find_as<const Buffer>(buffer));
        MRDA_ASSIGN(Data made, data_of(std::move(found), offset_bytes, length_bytes));
        made.pts = made.dts = pts;
        *data = handles().add(std::make_shared<Guarded<Data>>(std::move(made)));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_data_of_bytes(const void* bytes, uint64_t length_bytes, int64_t pts,
                             mrda_media_data* data, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(bytes, "bytes"));
        MRDA_TRY(check_given(data, "data"));
        if (length_bytes > PTRDIFF_MAX) {
            return mrda::make_error(Errc::invalid_argument,
                                    "data of " + std::to_string(length_bytes) + " bytes");
        }
        Data made = data_of(std::span(static_cast<const std::byte*>(bytes), length_bytes));
        made.pts = made.dts = pts;
        *data = handles().add(std::make_shared<Guarded<Data>>(std::move(made)));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_data_about(mrda_media_data data, mrda_media_data_info* info,
                          mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(info, "info"));
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Data>>(data));
        const Data told = found->get();
        const void* const pages = told.buffer->view().pages;
        const mrda_media_data_info known{
            .size_bytes = sizeof known,
            .flags = told.key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U,
            .length_bytes = told.length_bytes,
            .pts = told.pts,
            .dts = told.dts,
            .bytes = pages == nullptr ? nullptr
                                      : static_cast<const std::byte*>(pages) + told.offset_bytes};
        MRDA_TRY(tell_as_known(known, info, "info"));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_data_read(mrda_media_data data, uint64_t offset_bytes, void* into,
                         uint64_t length_bytes, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(into, "into"));
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Data>>(data));
        const Data told = found->get();
        if (offset_bytes > told.length_bytes || length_bytes > told.length_bytes - offset_bytes) {
            return mrda::make_error(Errc::invalid_argument,
                                    std::to_string(length_bytes) + " bytes at offset " +
                                        std::to_string(offset_bytes) + " of data of " +
                                        std::to_string(told.length_bytes));
        }
        MRDA_TRY(told.buffer->read(told.offset_bytes + offset_bytes,
                                   {static_cast<std::byte*>(into), length_bytes}));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_clone(uint64_t handle, uint64_t* clone, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(clone, "clone"));
        MRDA_ASSIGN(Handled object, handles().find(handle));
        if (const auto* const frame = std::get_if<std::shared_ptr<Guarded<Frame>>>(&object)) {
            object = std::make_shared<Guarded<Frame>>((*frame)->get());
        } else if (const auto* const data = std::get_if<std::shared_ptr<Guarded<Data>>>(&object)) {
            object = std::make_shared<Guarded<Data>>((*data)->get());
        } else if (!std::holds_alternative<std::shared_ptr<const Buffer>>(object)) {
            return mrda::make_error(Errc::invalid_argument,
                                    "handle " + std::to_string(handle) +
                                        " is no buffer, frame or data; others are not cloned");
        }
        *clone = handles().add(std::move(object));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_release(uint64_t handle, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(handles().take(handle));  // And lets go of it, without the table's lock.
        return int{MRDA_MEDIA_OK};
    });
}
