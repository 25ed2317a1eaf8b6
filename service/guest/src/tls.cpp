// SPDX-License-Identifier: MIT
#include "tls.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "os.h"

namespace mrda::guest::core {

namespace {

Result<std::string> read_pem(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || text.str().empty()) {
        return make_error(Errc::not_found,
                          "cannot read " + path + ", which TLS needs, or it is empty");
    }
    return text.str();
}

Result<std::string> read_key(const std::string& path) {
    using std::filesystem::perms;
    std::error_code failed;
    const auto status = std::filesystem::status(path, failed);
    if (!failed &&
        (status.permissions() & (perms::group_read | perms::others_read)) != perms::none) {
        return make_error(Errc::permission_denied,
                          path + " is a private key that others can read; chmod 600 it");
    }
    return read_pem(path);
}

}  // namespace

TlsFiles TlsFiles::or_environment() const {
    const auto given = [](const std::string& file, const char* variable) {
        return file.empty() ? os::environment(variable).value_or("") : file;
    };
    return {given(ca, "MRDA_TLS_CA"), given(certificate, "MRDA_TLS_CERT"),
            given(key, "MRDA_TLS_KEY")};
}

Result<std::shared_ptr<grpc::ChannelCredentials>> credentials_of(const TlsFiles& files) {
    if (files.empty()) {
        return grpc::InsecureChannelCredentials();
    }
    if (files.ca.empty() || files.certificate.empty() || files.key.empty()) {
        return make_error(Errc::invalid_argument,
                          "TLS needs three files: the CA, the guest's certificate and its key; "
                          "given are \"" +
                              files.ca + "\", \"" + files.certificate + "\" and \"" + files.key +
                              "\"");
    }
    grpc::SslCredentialsOptions options;
    MRDA_ASSIGN(options.pem_root_certs, read_pem(files.ca));
    MRDA_ASSIGN(options.pem_cert_chain, read_pem(files.certificate));
    MRDA_ASSIGN(options.pem_private_key, read_key(files.key));
    return grpc::SslCredentials(options);
}

}  // namespace mrda::guest::core
