#include "bundle/minisig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Made by minisign 0.11 over "hello\n". */
static const char KEY[] = "untrusted comment: minisign public key 6998A0845EA4C455\n"
                          "RWRVxKRehKCYafi3BbdauXrwgVP+QRY9Pz7D7qg4cQPK9Ljj8KCKuNjD\n";
static const char OTHER_KEY[] = "RWQsgoiAMK03xQhgbh9QQwToqHll6FZwTrWInwDfYerfEG3T02F3AHoX";
static const char HASHED[] =
    "untrusted comment: sig\n"
    "RURVxKRehKCYaRohAOWEn0m46zYVUfXYm3+eFI2A1PYFTmmYLxkicK0DpQXEP7+FmmWKTCA0+p/Dqtu+BoJcF0h84rRkXEZ3DA8=\n"
    "trusted comment: trusted words\n"
    "1OqRdI7CJlhUqHE2wd7NSuW8zzbybBKA5N/yQMbQzh3aiOxxWBjS2lUHDZSufMistGCT5in3ja3sSneN2pzSBQ==\n";
static const char LEGACY[] =
    "untrusted comment: signature from minisign secret key\n"
    "RWRVxKRehKCYaeKnfzW+NQgS5WrFlW/UfP4TU/LI0CpWiHHDIV/7KTgn++BEIowaDTPsfO03BDsNntImy9BAORATPjKVJu2oMAo=\n"
    "trusted comment: legacy\n"
    "WySar5DJjWFqk1Gi6+sEXmMcbCNOoef3TDS8wrcOdJIKgYxKSNzJ0MvIZ14C0YEulBritf8kPLeKoaxVKNLIDw==\n";

static struct minisig_key key_of(const char *text)
{
    struct minisig_key key;
    assert_int_equal(minisig_key_read(text, &key), 0);
    return key;
}

static enum minisig_verdict verify(const char *message, const char *signature, const char *key)
{
    char id[MINISIG_KEY_ID] = "";
    struct minisig_key k;
    if (key)
        k = key_of(key);
    enum minisig_verdict v = minisig_verify(message, strlen(message), signature, key ? &k : NULL, id);
    if (v != MINISIG_MALFORMED)
        assert_string_equal(id, "6998A0845EA4C455");
    return v;
}

static void what_minisign_signed_is_good_hashed_and_plain(void **state)
{
    (void)state;
    assert_int_equal(verify("hello\n", HASHED, KEY), MINISIG_GOOD);
    assert_int_equal(verify("hello\n", LEGACY, KEY), MINISIG_GOOD);
}

static void other_bytes_are_wrong(void **state)
{
    (void)state;
    assert_int_equal(verify("hallo\n", HASHED, KEY), MINISIG_WRONG);
    assert_int_equal(verify("hello", LEGACY, KEY), MINISIG_WRONG);
    assert_int_equal(verify("", HASHED, KEY), MINISIG_WRONG);
}

static void another_key_is_told_by_its_number(void **state)
{
    (void)state;
    assert_int_equal(verify("hello\n", HASHED, OTHER_KEY), MINISIG_OTHER_KEY);
    assert_int_equal(verify("hello\n", HASHED, NULL), MINISIG_OTHER_KEY);
}

static void a_trusted_comment_is_signed_too(void **state)
{
    (void)state;
    char changed[sizeof(HASHED)];
    memcpy(changed, HASHED, sizeof(HASHED));
    memcpy(strstr(changed, "trusted words"), "trusted wards", 13);
    assert_int_equal(verify("hello\n", changed, KEY), MINISIG_WRONG);
}

/* Each character in turn, but for the untrusted comment and the line ends. */
static void no_character_of_a_signature_can_change(void **state)
{
    (void)state;
    char changed[sizeof(HASHED)];
    const size_t begin = (size_t)(strchr(HASHED, '\n') - HASHED) + 1;
    for (size_t i = begin; i + 1 < sizeof(HASHED); i++) {
        memcpy(changed, HASHED, sizeof(HASHED));
        if (changed[i] == '\n' || changed[i] == '=')
            continue;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        char id[MINISIG_KEY_ID];
        const struct minisig_key key = key_of(KEY);
        enum minisig_verdict v = minisig_verify("hello\n", 6, changed, &key, id);
        if (v == MINISIG_GOOD) /* the two bits of the last character that Base64 does not use */
            assert_true(HASHED[i + 1] == '=');
    }
}

static void what_is_no_signature_is_malformed(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"", "\n\n\n\n", "untrusted comment: x\n", "untrusted comment: x\nAAAA\n",
                                        "untrusted comment: x\nRURVxKRehKCYaRohAOWEn0m4\ntrusted comment: y\nAAAA\n"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        assert_int_equal(verify("hello\n", TEXTS[i], KEY), MINISIG_MALFORMED);
    for (size_t cut = 0; cut < sizeof(HASHED) - 2; cut++) { /* behind the last there is the newline alone */
        char *half = strndup(HASHED, cut);
        assert_int_equal(verify("hello\n", half, KEY), MINISIG_MALFORMED);
        free(half);
    }
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    struct minisig_key key;
    assert_int_equal(minisig_key_read("", &key), -22);
    assert_int_equal(minisig_key_read("untrusted comment: x", &key), -22);
    assert_int_equal(minisig_key_read("RWQsgoiAMK03xQhgbh9QQwToqHll6FZwTrWInwDfYerfEG3T02F3AHo", &key), -22);
    assert_int_equal(minisig_key_read("AAQsgoiAMK03xQhgbh9QQwToqHll6FZwTrWInwDfYerfEG3T02F3AHoX", &key), -22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_minisign_signed_is_good_hashed_and_plain),
        cmocka_unit_test(other_bytes_are_wrong),
        cmocka_unit_test(another_key_is_told_by_its_number),
        cmocka_unit_test(a_trusted_comment_is_signed_too),
        cmocka_unit_test(no_character_of_a_signature_can_change),
        cmocka_unit_test(what_is_no_signature_is_malformed),
        cmocka_unit_test(what_is_no_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
