/* SPDX-License-Identifier: MIT */
/* Units whose behaviour a test steers through a buffer of words. */
#include <mrda/media/plugin.h>
#include <sched.h>
#include <stddef.h>

struct registers {
    uint64_t words;
    int32_t number;
    uint32_t channel_in;
    uint32_t channel_out;
    float real;
    uint16_t narrow;
};

static uint32_t* words_of(const struct registers* registers) {
    return (uint32_t*)(uintptr_t)registers->words;
}

/* words[0] counts what was done; words[1 + place] is (channel << 16) + number. */
static int32_t run_log(void* block) {
    struct registers* registers = block;
    uint32_t* words = words_of(registers);
    const uint32_t place = __atomic_fetch_add(&words[0], 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&words[1 + place], (registers->channel_in << 16) + (uint32_t)registers->number,
                     __ATOMIC_SEQ_CST);
    registers->channel_out = registers->channel_in;
    return 0;
}

/* Begins by writing its channel to words[2 + place], with places by words[100], then counts
 * words[0] up; ends when words[1] is not 0. */
static int32_t run_gate(void* block) {
    struct registers* registers = block;
    uint32_t* words = words_of(registers);
    const uint32_t place = __atomic_fetch_add(&words[100], 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&words[2 + place], registers->channel_in, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&words[0], 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&words[1], __ATOMIC_SEQ_CST) == 0) {
        sched_yield();
    }
    registers->channel_out = registers->channel_in;
    return 0;
}

static int32_t run_return(void* block) {
    struct registers* registers = block;
    registers->channel_out = registers->channel_in;
    registers->real *= 2;
    registers->narrow += 1;
    return registers->number;
}

static int32_t run_lie(void* block) {
    struct registers* registers = block;
    registers->channel_out = registers->channel_in + 1;
    return 0;
}

#define AT(member) offsetof(struct registers, member)
static const mrda_unit_argument arguments[] = {
    {"words", MRDA_ARGUMENT_BUFFER, AT(words), 8, -1},
    {"number", MRDA_ARGUMENT_VALUE, AT(number), 4, -1},
    {"real", MRDA_ARGUMENT_VALUE, AT(real), 4, -1},
    {"narrow", MRDA_ARGUMENT_VALUE, AT(narrow), 2, -1},
};
static const mrda_unit_argument arguments_of_bank_1[] = {
    {"words", MRDA_ARGUMENT_BUFFER, AT(words), 8, 1},
};

#define UNIT(variable, unit_name, flights, list, list_count, first, code)               \
    static const mrda_unit_kind variable = {.size_bytes = sizeof(mrda_unit_kind),       \
                                            .register_bytes = sizeof(struct registers), \
                                            .name = unit_name,                          \
                                            .arguments = (list) + (first),              \
                                            .argument_count = (list_count) - (first),   \
                                            .in_flight = flights,                       \
                                            .channel_in_offset = AT(channel_in),        \
                                            .channel_out_offset = AT(channel_out),      \
                                            .global_size_offset = MRDA_NO_REGISTER,     \
                                            .run = code}
UNIT(log_unit, "log", 1, arguments, 4, 0, run_log);
UNIT(wide_log_unit, "wide-log", 4, arguments, 4, 0, run_log);
UNIT(gate_unit, "gate", 2, arguments, 4, 0, run_gate);
UNIT(return_unit, "return", 1, arguments, 4, 1, run_return);
UNIT(lie_unit, "lie", 1, arguments, 4, 1, run_lie);
UNIT(bank_unit, "bank-1", 1, arguments_of_bank_1, 1, 0, run_log);

static const mrda_unit_kind* const units[] = {&log_unit, &wide_log_unit, &gate_unit, &return_unit,
                                              &lie_unit, &bank_unit,     NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = "units",
                                   .version = "1",
                                   .units = units};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}
