// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "mrda/interop/result.h"

namespace mrda::guest::core {

/// How guest and service prove to each other who they are. A plain value; all empty: they do not.
struct TlsFiles {
    std::string ca;           ///< Of who signed the service's certificate. PEM, like the others.
    std::string certificate;  ///< The guest's own: its common name is the VM's name.
    std::string key;

    /// What is empty, from the environment: MRDA_TLS_CA, MRDA_TLS_CERT, MRDA_TLS_KEY.
    [[nodiscard]] TlsFiles or_environment() const;
    [[nodiscard]] bool empty() const { return ca.empty() && certificate.empty() && key.empty(); }
};

/// Errors: invalid_argument (some are named, and not all three), not_found (naming the file),
/// permission_denied (others can read the key).
Result<std::shared_ptr<grpc::ChannelCredentials>> credentials_of(const TlsFiles& files);

}  // namespace mrda::guest::core
