// SPDX-License-Identifier: MIT
#include "c_client.h"

#include "guest_fixture.h"

namespace mrda::guest::test {
namespace {

TEST_F(Guest, serves_an_application_in_plain_c) {
    serve();
    char words[256] = "";
    EXPECT_EQ(mrda_c_client(50, words), 50) << words;
}

}  // namespace
}  // namespace mrda::guest::test
