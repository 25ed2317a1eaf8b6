// SPDX-License-Identifier: MIT
#include "worker_protocol.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

namespace mrda::service {
namespace {

using nlohmann::json;
using testing::HasSubstr;

WorkerJob example() {
    WorkerJob job{.params = {.codec = "hevc",
                             .profile = "main10",
                             .plugin = "vpl",
                             .width_px = 1918,
                             .height_px = 1078,
                             .fps_num = 60000,
                             .fps_den = 1001,
                             .vbr = true,
                             .qp = 30,
                             .bitrate_kbps = 4000,
                             .gop_size = 120,
                             .gop_ref_dist = 3,
                             .num_ref_frames = 2,
                             .target_usage = 7,
                             .async_depth = 5,
                             .path = "blit"},
                  .frame = FrameLayout::linear(DRM_FORMAT_P010, 1920, 1088).value(),
                  .layout = ivshmem::SessionLayout::make({8, 6'266'880, 6, 1'000'000}).value()};
    job.session_id = ~std::uint64_t{0};
    job.epoch = 12;
    job.input = {4096, job.layout.input_extent_bytes()};
    job.output = {std::uint64_t{1} << 40, job.layout.output_extent_bytes()};
    job.platform = "software";
    job.device = "0000:03:00.0";
    job.plugin_dirs = {"/first", "/a/\"quoted\" place"};
    job.driver_dir = "/b";
    job.memory_bytes = std::uint64_t{3} << 32;
    return job;
}

WorkerEvent example_event() {
    WorkerEvent event;
    event.kind = WorkerEvent::Kind::failed;
    event.code = Errc::exhausted;
    event.message = "a line\nand another, with \"quotes\"";
    event.path = "direct";
    event.implementation = "oneVPL mrda-software, API 2.8";
    event.frames = 1;
    event.packets = 2;
    event.bytes = ~std::uint64_t{0};
    event.cpu_copied_bytes = 4;
    event.codec_copied_bytes = 5;
    return event;
}

template <typename T>
void expect_corrupt(const Result<T>& parsed, const std::string& named) {
    ASSERT_FALSE(parsed.ok()) << named << " was accepted";
    EXPECT_EQ(parsed.error().code, Errc::corrupt) << named << ": " << parsed.error().message;
    EXPECT_THAT(parsed.error().message, HasSubstr(named));
}

/// Each number, text and switch within, by its JSON pointer.
std::vector<std::string> leaves(const json& message) {
    std::vector<std::string> found;
    const json flat = message.flatten();
    for (const auto& [pointer, value] : flat.items()) {
        found.push_back(pointer);
    }
    return found;
}

std::string last_name(const std::string& pointer) {
    return pointer.substr(pointer.rfind('/') + 1);
}

TEST(WorkerProtocol, a_job_comes_through_whole) {
    const WorkerJob job = example();
    const auto parsed = parse_job(to_message(job));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(to_message(*parsed), to_message(job));
    EXPECT_EQ(parsed->session_id, job.session_id);
    EXPECT_EQ(parsed->params.path, "blit");
    EXPECT_EQ(parsed->frame, job.frame);
    EXPECT_EQ(parsed->layout, job.layout);
    EXPECT_EQ(parsed->output, job.output);
    EXPECT_EQ(parsed->plugin_dirs, job.plugin_dirs);
    EXPECT_EQ(parsed->memory_bytes, job.memory_bytes);
}

TEST(WorkerProtocol, events_and_commands_come_through_whole) {
    for (int kind = 0; kind < 5; ++kind) {
        WorkerEvent event = example_event();
        event.kind = static_cast<WorkerEvent::Kind>(kind);
        const auto parsed = parse_event(to_message(event));
        ASSERT_TRUE(parsed.ok()) << parsed.error().message;
        EXPECT_EQ(parsed->kind, event.kind);
        EXPECT_EQ(parsed->code, event.code);
        EXPECT_EQ(parsed->message, event.message);
        EXPECT_EQ(parsed->bytes, event.bytes);
        EXPECT_EQ(to_message(*parsed), to_message(event));
    }
    for (int op = 0; op < 4; ++op) {
        const auto command = static_cast<WorkerCommand>(op);
        EXPECT_EQ(parse_command(to_message(command)).value(), command);
    }
}

TEST(WorkerProtocol, every_field_that_is_missing_or_of_another_type_is_named) {
    json whole = json::parse(to_message(example()));
    whole["plugin_dirs"] = json::array();
    for (const std::string& pointer : leaves(whole)) {
        json wrong = whole;
        wrong[json::json_pointer(pointer)] = json::array({1});
        expect_corrupt(parse_job(wrong.dump()), last_name(pointer));
        wrong[json::json_pointer(pointer).parent_pointer()].erase(last_name(pointer));
        expect_corrupt(parse_job(wrong.dump()), last_name(pointer));
    }
    const json event = json::parse(to_message(example_event()));
    for (const auto& [field, value] : event.items()) {
        json wrong = event;
        wrong[field] = nullptr;
        expect_corrupt(parse_event(wrong.dump()), field);
        wrong.erase(field);
        expect_corrupt(parse_event(wrong.dump()), field);
    }
    expect_corrupt(parse_command("{}"), "op");
    expect_corrupt(parse_command(R"({"op":7})"), "op");
}

TEST(WorkerProtocol, numbers_that_are_negative_broken_or_too_large_are_named) {
    const json whole = json::parse(to_message(example()));
    for (const char* field : {"/epoch", "/params/width", "/params/async_depth", "/frame/fourcc",
                              "/layout/ring_capacity", "/input/offset"}) {
        for (const json& value : {json(-1), json(1.5), json(1e300), json("1")}) {
            json wrong = whole;
            wrong[json::json_pointer(field)] = value;
            expect_corrupt(parse_job(wrong.dump()), last_name(field));
        }
    }
    json wrong = whole;
    wrong["epoch"] = std::uint64_t{1} << 32;
    expect_corrupt(parse_job(wrong.dump()), "epoch");
    json event = json::parse(to_message(example_event()));
    event["code"] = static_cast<std::uint32_t>(Errc::internal) + 1;
    expect_corrupt(parse_event(event.dump()), "code");
    event["code"] = 0;
    event["event"] = "unheard of";
    expect_corrupt(parse_event(event.dump()), "event");
    expect_corrupt(parse_command(R"({"op":"fly"})"), "op");
}

TEST(WorkerProtocol, plugin_folders_are_a_list_of_texts_and_not_too_many) {
    json wrong = json::parse(to_message(example()));
    for (const json& value :
         {json("/a"), json(1), json::array({"/a", 1}), json::array({json::array({"/a"})}),
          json(std::vector<std::string>(kMaxPluginDirs + 1, "/a"))}) {
        wrong["plugin_dirs"] = value;
        expect_corrupt(parse_job(wrong.dump()), "plugin_dirs");
    }
    wrong["plugin_dirs"] = std::vector<std::string>(kMaxPluginDirs, "/a");
    const auto parsed = parse_job(wrong.dump());
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->plugin_dirs.size(), kMaxPluginDirs);
}

TEST(WorkerProtocol, layouts_that_cannot_be_are_refused) {
    const json whole = json::parse(to_message(example()));
    const auto refused = [&](const char* pointer, const json& value) {
        json wrong = whole;
        wrong[json::json_pointer(pointer)] = value;
        return !parse_job(wrong.dump()).ok();
    };
    EXPECT_TRUE(refused("/layout/input_slots", 0));
    EXPECT_TRUE(refused("/layout/input_slots", 100'000));
    EXPECT_TRUE(refused("/layout/input_slot_bytes", 4097));
    EXPECT_TRUE(refused("/layout/output_slot_bytes", ~std::uint64_t{0}));
    EXPECT_TRUE(refused("/layout/ring_capacity", 65));
    EXPECT_TRUE(refused("/frame/fourcc", 1));
    EXPECT_TRUE(refused("/frame/width", 0));
    EXPECT_TRUE(refused("/frame/planes/1/offset", 0));
    EXPECT_TRUE(refused("/frame/planes/0/pitch", 2));
    EXPECT_TRUE(refused("/frame/planes", json::array()));
    EXPECT_TRUE(refused("/frame/planes", json(std::vector<int>(5, 1))));
}

TEST(WorkerProtocol, what_is_no_json_object_is_refused_however_deep_it_is) {
    const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
    const std::string deep_in_field = R"({"op":)" + deep + "}";
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string("null"),
          std::string("\0\xff\xfe", 3), std::string(R"({"op":"stop"} and more)"), deep}) {
        expect_corrupt(parse_job(text), "no JSON object");
        expect_corrupt(parse_event(text), "no JSON object");
        expect_corrupt(parse_command(text), "no JSON object");
    }
    expect_corrupt(parse_command(deep_in_field), "op");
}

TEST(WorkerProtocol, the_worst_text_of_a_driver_still_makes_a_message_that_can_be_read) {
    WorkerEvent event = example_event();
    for (const char byte : {'\x01', '\xff', '"', 'x'}) {
        event.message = std::string(100'000, byte);
        const std::string message = to_message(event);
        EXPECT_LE(message.size(), kMaxMessageBytes) << "of byte " << int{byte};
        const auto parsed = parse_event(message);
        ASSERT_TRUE(parsed.ok()) << parsed.error().message;
        EXPECT_FALSE(parsed->message.empty());
    }
}

TEST(WorkerProtocol, a_preparation_is_that_of_its_job_and_comes_through_whole) {
    const WorkerPreparation preparation = preparation_of(example());
    const auto parsed = parse_preparation(to_message(preparation));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(*parsed, preparation);
    EXPECT_EQ(parsed->device, "0000:03:00.0");
    EXPECT_FALSE(parse_preparation(to_message(example())).ok()) << "a job is none";
    EXPECT_FALSE(parse_job(to_message(preparation)).ok());
}

}  // namespace
}  // namespace mrda::service
