// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mrda/interop/result.h"

namespace mrda::guest::core {

/// Where the token comes from by which the service knows its guest. A plain value.
class Token {
  public:
    /// `file`: what the application named; empty: $MRDA_TOKEN, else the file $MRDA_TOKEN_FILE, else
    /// the service's default for this user.
    static Token from(std::string file);

    /// Reads it anew: a service that was restarted may have written another one. A default that is
    /// not there is no error, but an empty token. Errors: as os::read_secret(); invalid_argument.
    [[nodiscard]] Result<std::string> read() const;
    /// For people.
    [[nodiscard]] std::string origin() const;

  private:
    std::string value_;
    std::string file_;  ///< Empty: the default.
};

/// $MRDA_ADDRESS, else the service's socket of this user, as gRPC names it. Errors: as
/// os::runtime_folder().
Result<std::string> default_address();

}  // namespace mrda::guest::core
