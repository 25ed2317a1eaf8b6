// SPDX-License-Identifier: MIT
// Memory that goes away under its application.
#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "guest_fixture.h"

namespace mrda::guest::test {
namespace {

class Removal : public Guest {
  protected:
    /// A session in a file, of an application that wants to survive.
    SessionPtr create_in_file() {
        serve(in_a_file(path_));
        config_.survive_removal = 1;
        return create_ok();
    }
    void cut() const { ASSERT_EQ(::truncate(path_.c_str(), 0), 0); }

    const std::string path_ = dir_.path() + "/region";
};

TEST_F(Removal, is_told_to_who_finds_the_memory_gone) {
    const auto session = create_in_file();
    cut();
    mrda_guest_buffer buffer{};
    mrda_guest_status status = MRDA_GUEST_OK;
    // The first call may be the one that touches the memory, and the next one hears of it.
    for (int call = 0; call < 2 && status >= 0; ++call) {
        status = mrda_guest_get_buffer(session.get(), &buffer, 0);
    }
    EXPECT_EQ(status, MRDA_GUEST_DEVICE_GONE);
    EXPECT_NE(std::string(mrda_guest_last_error(session.get())).find("was cut short"),
              std::string::npos);
}

TEST_F(Removal, leaves_what_the_application_holds_writable) {
    const auto session = create_in_file();
    const mrda_guest_buffer buffer = get_buffer(session);
    cut();
    std::memset(buffer.planes[0], 1, buffer.size_bytes);
    EXPECT_EQ(buffer.planes[0][buffer.size_bytes - 1], 1);
    EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer, 0, 0), MRDA_GUEST_DEVICE_GONE);
}

TEST_F(Removal, ends_a_wait_without_end) {
    const auto session = create_in_file();
    mrda_guest_status status = MRDA_GUEST_OK;
    std::thread waits([&] {
        mrda_guest_packet packet{};
        status = mrda_guest_receive(session.get(), &packet, UINT64_MAX);
    });
    cut();
    waits.join();
    EXPECT_EQ(status, MRDA_GUEST_DEVICE_GONE);
}

}  // namespace
}  // namespace mrda::guest::test
