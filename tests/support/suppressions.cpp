// SPDX-License-Identifier: MIT
// What the sanitizers, where a test is built with one, report of other people's libraries. The same
// stands in lsan.supp, tsan.supp and tsan_grpc.supp for programs that do not link this.

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
// headers, and so in our programs; and where it copies a string, the C++ library is called last and
// the way there cannot be told. Only tests that speak gRPC look away from all that.
// The dynamic loader frees in one thread what it took in another, under a lock of its own.
#ifdef MRDA_TEST_SPEAKS_GRPC
#define MRDA_GRPC_SUPPRESSIONS                                                   \
    "race:libgrpc\nrace:libgpr\nrace:libssl\nrace:libcrypto\nrace:libabsl\n"     \
    "race:libupb\nrace:libprotobuf\nrace:basic_string*_M_assign\nrace:^grpc::\n" \
    "race:google::protobuf\nrace:mrda::v1::\n"
#else
#define MRDA_GRPC_SUPPRESSIONS ""
#endif
const char* __tsan_default_suppressions() {
    return "race:libx264.so\n"
           "race:libx265.so\n"
           "race:libSvtAv1Enc.so\n"
           "called_from_lib:ld-linux-x86-64.so.2\n" MRDA_GRPC_SUPPRESSIONS;
}
