// SPDX-License-Identifier: MIT
#include "mrda/media/parameter.h"

namespace mrda::media {

std::vector<mrda_parameter> to_media(std::span<const Parameter> parameters) {
    std::vector<mrda_parameter> told;
    for (const Parameter& parameter : parameters) {
        mrda_parameter& one = told.emplace_back(mrda_parameter{});
        one.name = parameter.name.c_str();
        if (const auto* integer = std::get_if<std::int64_t>(&parameter.value)) {
            one.type = MRDA_PARAMETER_INTEGER;
            one.value.integer = *integer;
        } else if (const auto* real = std::get_if<double>(&parameter.value)) {
            one.type = MRDA_PARAMETER_REAL;
            one.value.real = *real;
        } else if (const auto* text = std::get_if<std::string>(&parameter.value)) {
            one.type = MRDA_PARAMETER_TEXT;
            one.value.text = text->c_str();
        } else {
            const auto& buffer = std::get<std::shared_ptr<const Buffer>>(parameter.value);
            one.type = MRDA_PARAMETER_BUFFER;
            one.value.buffer = buffer == nullptr ? nullptr : &buffer->view();
        }
    }
    return told;
}

Result<Parameter> from_media(const mrda_parameter& parameter) {
    if (parameter.name == nullptr) {
        return make_error(Errc::invalid_argument, "a parameter without a name");
    }
    switch (parameter.type) {
        case MRDA_PARAMETER_INTEGER:
            return Parameter{parameter.name, parameter.value.integer};
        case MRDA_PARAMETER_REAL:
            return Parameter{parameter.name, parameter.value.real};
        case MRDA_PARAMETER_TEXT:
            if (parameter.value.text != nullptr) {
                return Parameter{parameter.name, std::string(parameter.value.text)};
            }
            break;
        default:
            break;
    }
    return make_error(Errc::invalid_argument, std::string("parameter ") + parameter.name +
                                                  " has type " + std::to_string(parameter.type) +
                                                  " and no value of it");
}

}  // namespace mrda::media
