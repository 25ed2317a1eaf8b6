// SPDX-License-Identifier: MIT
#include "chain_fixture.h"

#include "support/platform.h"

namespace mrda::vpl::test {

void ChainTest::SetUp() {
    auto context = mrda::test::open_context();
    ASSERT_TRUE(context.ok()) << to_string(context.error());
    context_.emplace(std::move(*context));
    auto display = mrda::test::open_display();
    ASSERT_TRUE(display.ok()) << to_string(display.error());
    display_.emplace(std::move(*display));
}

}  // namespace mrda::vpl::test
