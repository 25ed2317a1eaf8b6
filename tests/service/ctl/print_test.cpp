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

v1::ListPluginsReply three_plugins() {
    v1::ListPluginsReply reply;
    v1::Plugin& good = *reply.add_plugins();
    good.set_name("openh264");
    good.set_folder("/mine");
    good.set_version("1");
    good.set_abi(3);
    good.set_sessions(2);
    good.set_pixels_per_second_reserved(124'416'000);
    v1::PluginKind& encoder = *good.add_kinds();
    encoder.set_type("encoder");
    encoder.add_codecs("avc");
    encoder.add_input_memory("pages");
    encoder.add_input_memory("object");
    v1::PluginFormat& format = *encoder.add_inputs();
    format.set_name("NV12");
    format.set_bits_per_pixel(12);
    v1::Plugin& shadowed = *reply.add_plugins();
    shadowed.set_name("openh264");
    shadowed.set_folder("/theirs");
    shadowed.set_shadowed_by("/mine");
    v1::Plugin& refused = *reply.add_plugins();
    refused.set_name("bad");
    refused.set_folder("/theirs");
    refused.set_refused("loading it ends the process by signal SIGSEGV");
    v1::PluginFolder& folder = *reply.add_folders();
    folder.set_folder("/nowhere");
    folder.set_refused("no such folder");
    return reply;
}

TEST(Print, plugins_stand_with_their_load_and_what_they_can_do) {
    const std::string text = Printer{}.plugins(three_plugins(), true);
    EXPECT_THAT(text, HasSubstr("openh264  1        3    2         124416000  /mine\n"
                                "    encoder avc; takes NV12 (12 bpp) in pages or object\n"));
    EXPECT_THAT(text, HasSubstr("    not used: /mine has one of that name and comes first\n"));
    EXPECT_THAT(text, HasSubstr("    refused: loading it ends the process by signal SIGSEGV\n"));
    EXPECT_THAT(text, HasSubstr("folder /nowhere: no such folder\n"));
}

TEST(Print, a_load_that_nobody_told_is_not_shown_as_none) {
    Printer printer;
    EXPECT_THAT(printer.plugins(three_plugins(), false),
                HasSubstr("openh264  1        3    -         -         /mine\n"));
    printer.json = true;
    EXPECT_THAT(printer.plugins(three_plugins(), false), testing::Not(HasSubstr("sessions")));
}

TEST(Print, what_programs_read_of_plugins_has_formats_units_and_devices) {
    v1::ListPluginsReply reply = three_plugins();
    v1::PluginUnit& unit = *reply.mutable_plugins(0)->add_units();
    unit.set_name("scale");
    unit.add_arguments("from");
    v1::PluginDevice& device = *reply.mutable_plugins(0)->add_devices();
    device.set_name("board");
    device.add_banks()->set_size_bytes(std::uint64_t{8} << 30);
    Printer printer;
    EXPECT_THAT(printer.plugins(reply, true), HasSubstr("    unit scale(from)"));
    printer.json = true;
    const std::string text = printer.plugins(reply, true);
    EXPECT_THAT(text, HasSubstr("\"bits_per_pixel\": 12"));
    EXPECT_THAT(text, HasSubstr("\"pixels_per_second_reserved\": 124416000"));
    EXPECT_THAT(text, HasSubstr("\"size_bytes\": 8589934592"));
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
