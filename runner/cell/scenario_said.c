#include "cell/scenario_said.h"

#include <cyaml/cyaml.h>

#include "cell/schema.h"

#define COMMAND_WORD_MAX 512

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
/* NOLINTBEGIN(bugprone-macro-parentheses): their arguments are types and members' names */
#define WORD(key, of, name)       CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, of, name, 1, SCENARIO_WORD_MAX - 1)
#define MAYBE(key, of, name, max) CYAML_FIELD_STRING_PTR(key, OPTIONAL, of, name, 1, (max)-1)
#define LIST(key_, of, name, flag, entry_, most)                                                                       \
    {                                                                                                                  \
        .key = (key_), .data_offset = offsetof(of, name.word), .count_offset = offsetof(of, name.count),               \
        .count_size = sizeof(unsigned), .value = {CYAML_VALUE_SEQUENCE((flag), char *, (entry_), 1, (most))},          \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

static const cyaml_schema_value_t WORD_ENTRY = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, SCENARIO_WORD_MAX - 1)};
static const cyaml_schema_value_t COMMAND_ENTRY = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, COMMAND_WORD_MAX)};

static const cyaml_schema_field_t KNOB_FIELDS[] = {
    WORD("name", struct said_knob, name),
    WORD("type", struct said_knob, type),
    MAYBE("unit", struct said_knob, unit, SCENARIO_WORD_MAX),
    CYAML_FIELD_STRING_PTR("help", CYAML_FLAG_POINTER, struct said_knob, help, 1, SCENARIO_LINE_MAX - 1),
    MAYBE("min", struct said_knob, min, SCENARIO_WORD_MAX),
    MAYBE("max", struct said_knob, max, SCENARIO_WORD_MAX),
    LIST("choices", struct said_knob, choices, OPTIONAL, &WORD_ENTRY, SCENARIO_CHOICES_MAX),
    WORD("default", struct said_knob, otherwise),
    MAYBE("default-overhead", struct said_knob, if_overhead, SCENARIO_WORD_MAX),
    MAYBE("default-memory", struct said_knob, if_memory, SCENARIO_WORD_MAX),
    LIST("modes", struct said_knob, modes, OPTIONAL, &WORD_ENTRY, 3),
    LIST("profiles", struct said_knob, profiles, OPTIONAL, &WORD_ENTRY, PROFILES_COUNT),
    LIST("runtimes", struct said_knob, runtimes, OPTIONAL, &WORD_ENTRY, RUNTIME_KINDS_COUNT),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t KNOB = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_knob, KNOB_FIELDS)};

static const cyaml_schema_field_t PROFILE_FIELDS[] = {
#define X(field, option) MAYBE(option, struct said_profile, field, SCENARIO_WORD_MAX),
    PROFILE_OPTIONS(X)
#undef X
        CYAML_FIELD_END,
};

static const cyaml_schema_field_t PROFILES_FIELDS[] = {
    CYAML_FIELD_MAPPING_PTR("overhead", OPTIONAL, struct said_profiles, of[PROFILE_OVERHEAD], PROFILE_FIELDS),
    CYAML_FIELD_MAPPING_PTR("memory", OPTIONAL, struct said_profiles, of[PROFILE_MEMORY], PROFILE_FIELDS),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t COMMANDS_FIELDS[] = {
    LIST("python", struct said_commands, of[RUNTIME_PYTHON], OPTIONAL, &COMMAND_ENTRY, SCENARIO_WORDS_MAX),
    LIST("native", struct said_commands, of[RUNTIME_NATIVE], OPTIONAL, &COMMAND_ENTRY, SCENARIO_WORDS_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t FIGURE_FIELDS[] = {
    WORD("name", struct said_figure, name),
    MAYBE("unit", struct said_figure, unit, SCENARIO_WORD_MAX),
    MAYBE("help", struct said_figure, help, SCENARIO_LINE_MAX),
    MAYBE("title", struct said_figure, title, SCENARIO_LINE_MAX),
    MAYBE("kind", struct said_figure, kind, SCENARIO_WORD_MAX),
    MAYBE("better", struct said_figure, better, SCENARIO_WORD_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t FIGURE = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct said_figure, FIGURE_FIELDS)};

static const cyaml_schema_field_t TOP_FIELDS[] = {
    WORD("schema", struct said, schema),
    WORD("name", struct said, name),
    CYAML_FIELD_STRING_PTR("summary", CYAML_FLAG_POINTER, struct said, summary, 1, SCENARIO_LINE_MAX - 1),
    LIST("modes", struct said, modes, CYAML_FLAG_POINTER, &WORD_ENTRY, 3),
    MAYBE("mode", struct said, mode, SCENARIO_WORD_MAX),
    CYAML_FIELD_MAPPING_PTR("profiles", CYAML_FLAG_POINTER, struct said, profiles, PROFILES_FIELDS),
    CYAML_FIELD_SEQUENCE("knobs", OPTIONAL, struct said, knobs, &KNOB, 0, SCENARIO_KNOBS_MAX),
    CYAML_FIELD_MAPPING_PTR("commands", CYAML_FLAG_POINTER, struct said, commands, COMMANDS_FIELDS),
    CYAML_FIELD_SEQUENCE("figures", OPTIONAL, struct said, figures, &FIGURE, 0, SCENARIO_FIGURES_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t TOP = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct said, TOP_FIELDS)};

int said_load(const struct places *places, const char *bytes, size_t len, struct said **ret, struct err *e)
{
    void *said = NULL;
    int failed = schema_load(places, bytes, len, &TOP, &said, e);
    if (failed == 0)
        *ret = said;
    return failed;
}

void said_free(struct said *said)
{
    schema_free(&TOP, said);
}
