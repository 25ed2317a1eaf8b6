// SPDX-License-Identifier: MIT
#include "control_json.h"

#include <algorithm>

namespace mrda::service {

using nlohmann::json;

Result<json> parse_control_message(std::string_view message) {
    json parsed = json::parse(message, nullptr, false);
    if (parsed.is_discarded() || !parsed.is_object()) {
        return make_error(Errc::corrupt, "control message: no JSON object");
    }
    return parsed;
}

std::string dump_control_message(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

const json& member(const json& object, const char* field) {
    static const json nothing;
    if (!object.is_object()) {
        return nothing;
    }
    const auto found = object.find(field);
    return found == object.end() ? nothing : *found;
}

Error bad_field(const char* field) {
    return make_error(Errc::corrupt,
                      std::string("control message: field ") + field + " is missing or wrong");
}

void JsonReader::get(const char* field, std::size_t most, std::vector<std::string>& out) {
    const json& value = member(object_, field);
    note(field, value.is_array() && value.size() <= most &&
                    std::all_of(value.begin(), value.end(),
                                [&](const json& text) { return take(text, out.emplace_back()); }));
}

Result<void> JsonReader::done() const {
    if (wrong_ != nullptr) {
        return bad_field(wrong_);
    }
    return {};
}

bool JsonReader::take(const json& value, std::string& out) {
    if (!value.is_string()) {
        return false;
    }
    out = value.get<std::string>();
    return true;
}

bool JsonReader::take(const json& value, bool& out) {
    if (!value.is_boolean()) {
        return false;
    }
    out = value.get<bool>();
    return true;
}

void JsonReader::note(const char* field, bool taken) {
    if (!taken && wrong_ == nullptr) {
        wrong_ = field;
    }
}

}  // namespace mrda::service
