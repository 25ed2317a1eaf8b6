// SPDX-License-Identifier: MIT
#include "print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mrda::ctl {
namespace {

using testing::HasSubstr;

v1::ListReply two_sessions() {
    v1::ListReply reply;
    v1::SessionStatus& good = *reply.add_sessions();
    good.set_session_id(7);
    good.set_state(v1::SESSION_STATE_RUNNING);
    good.set_codec("avc");
    v1::SessionStatus& failed = *reply.add_sessions();
    failed.set_session_id(8);
    failed.set_state(v1::SESSION_STATE_FAILED);
    failed.set_failure("the session's worker, process 4711, ended by signal 9 (Killed)");
    return reply;
}

TEST(Print, a_failure_stands_below_the_table_and_does_not_widen_it) {
    const std::string text = Printer{}.sessions(two_sessions());
    EXPECT_THAT(text, HasSubstr("\n8: the session's worker, process 4711"));
    EXPECT_LT(text.find('\n'), 80U) << text;
}

TEST(Print, what_programs_read_has_every_session_with_its_failure) {
    Printer printer;
    printer.json = true;
    const std::string text = printer.sessions(two_sessions());
    EXPECT_THAT(text, HasSubstr("\"id\": 7"));
    EXPECT_THAT(text, HasSubstr("signal 9"));
}

TEST(Print, resources_name_each_device_with_its_load) {
    v1::ResourcesReply reply;
    v1::Device& busy = *reply.add_devices();
    busy.set_pci_address("0000:03:00.0");
    busy.set_name("Arc");
    busy.set_engine_load(0.25);
    busy.set_sessions(2);
    v1::Device& silent = *reply.add_devices();
    silent.set_pci_address("0000:04:00.0");
    silent.set_engine_load(-1);
    Printer printer;
    const std::string text = printer.resources(reply);
    EXPECT_THAT(text, HasSubstr("0000:03:00.0"));
    EXPECT_THAT(text, HasSubstr("Arc, 2 sessions, 25 % busy"));
    EXPECT_THAT(text, HasSubstr("load not known"));
    printer.json = true;
    EXPECT_THAT(printer.resources(reply), HasSubstr("\"engine_load\": 0.25"));
}

TEST(Print, findings_stand_with_their_mend_for_people_and_for_programs) {
    const std::vector<Finding> findings{
        {Finding::Verdict::works, "loader libva.so.2", "/usr/lib/libva.so.2.1700.0", ""},
        {Finding::Verdict::missing, "GPU driver iHD_drv_video.so", "no such file", "install it"}};
    Printer printer;
    const std::string text = printer.findings(findings);
    EXPECT_THAT(text, HasSubstr("works    loader libva.so.2: /usr/lib/libva.so.2.1700.0\n"));
    EXPECT_THAT(text, HasSubstr("missing  GPU driver iHD_drv_video.so: no such file\n"));
    EXPECT_THAT(text, HasSubstr("-> install it\n"));
    printer.json = true;
    EXPECT_THAT(printer.findings(findings), HasSubstr("\"mend\": \"install it\""));
}

}  // namespace
}  // namespace mrda::ctl
