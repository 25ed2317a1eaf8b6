// SPDX-License-Identifier: MIT
// What the sanitizers, where a test is built with one, report of other people's libraries. The same
// stands in lsan.supp and tsan.supp for programs that do not link this.

extern "C" {
[[gnu::visibility("default")]] const char* __lsan_default_suppressions();
[[gnu::visibility("default")]] const char* __tsan_default_suppressions();
}

// x265 3.5 does not free all that one encoder_open allocates, whatever its user does (seen with a
// program of three calls).
const char* __lsan_default_suppressions() {
    return "leak:libx265.so\n";
}

// The codecs' threads hand rows to one another, and gRPC's hand calls, through locks and atomics of
// their own, which the sanitizer does not see, as they are not built with it. Of gRPC much is in
// headers, and so in our programs.
const char* __tsan_default_suppressions() {
    return "race:libx264.so\n"
           "race:libx265.so\n"
           "race:libSvtAv1Enc.so\n"
           "race:libgrpc\n"
           "race:libgpr\n"
           "race:basic_string*_M_assign\n"
           "race:libabsl\n"
           "race:libupb\n"
           "race:libprotobuf\n"
           "race:^grpc::\n"
           "race:google::protobuf\n"
           "race:mrda::v1::\n";
}
