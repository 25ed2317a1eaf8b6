// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <vector>

#include "mrda/interop/result.h"

namespace mrda::va_soft {

struct Driver;

/// What a picture goes through, in this order: amounts for Sharpener.
using Filters = std::vector<float>;

/// The client's filter buffers, checked: nothing of them is referenced any more. Errors: with the
/// VAStatus to return.
Result<Filters> read_filters(Driver& driver, const VABufferID* ids, std::size_t count);

}  // namespace mrda::va_soft
