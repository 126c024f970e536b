/* test_junit.c - what machines read of a verification, and the command as a whole. */
#define _GNU_SOURCE
#include "report/command.h"
#include "report/verify.h"
#include "tests/mini.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char *dtd_path(void)
{
    const char *file = __FILE__;
    char *path = *file == '/' ? text_copy(file)
                              : text_format("%s/%s", getenv("GLASSBOX_ROOT"), file);
    char *slash = strrchr(path, '/');
    strcpy(slash + 1, "junit.dtd"); /* shorter than "test_verify.c" */
    return path;
}

static void junit_is_valid_and_names_what_failed(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "2,score,0.7265625", "2,score,0.7265635");
    mini_write("world/beta/crash", "");
    MiniVerification r = mini_verify(-1);
    char *xml = verify_junit(&r.v), *dtd = dtd_path();
    mini_write("junit.xml", xml);
    char *command = text_format("xmllint --noout --dtdvalid '%s' junit.xml", dtd);
    assert_int_equal(system(command), 0);
    mini_expect("junit.xml", "name=\"glassbox\" tests=\"5\" failures=\"1\" errors=\"1\" "
                             "skipped=\"0\"");
    mini_expect("junit.xml", "<testcase name=\"high\" classname=\"alpha\" "
                             "file=\"experiments/part/one/alpha.c\" line=\"7\"");
    mini_expect("junit.xml", "<property name=\"bound\" value=\"&gt;= 0.6\"/>");
    mini_expect("junit.xml", "<property name=\"bound\" value=\"in 0.1");
    mini_expect("junit.xml", "<property name=\"hash\" value=\"alpha/high@");
    mini_expect("junit.xml", "<property name=\"interval\" value=\"");
    free(xml), free(dtd), free(command);
    mini_verify_free(&r);
}

static void annotations_are_single_lines_and_at_most_eight(void **state)
{
    (void)state;
    MiniVerification r = mini_verify(0);
    Verification many = { .c = alloc(12, sizeof(Case)), .n = 12 };
    char *why = text_copy("50 % of it\nis gone");
    for (int i = 0; i < 12; i++)
        many.c[i] = (Case){ .name = "alpha/high",
                            .outcome = CASE_FAILED,
                            .reason = &why,
                            .n = 1,
                            .file = "alpha.c",
                            .line = 7,
                            .claim = -1 };
    char *text = verify_annotations(&many);
    int lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++) lines++;
    assert_int_equal(lines, 8);
    const char line[] =
        "::error file=alpha.c,line=7::alpha/high: 50 %25 of it%0Ais gone\n";
    assert_int_equal(strncmp(text, line, strlen(line)), 0);
    free(text), free(why), free(many.c);
    mini_verify_free(&r);
}

static void the_command_writes_its_files_and_its_last_line(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "2,score,0.7265625", "2,score,0.7265635");
    mini_write("summary.md", "before\n");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { "verify", "--minutes", "all", "--jobs", "2", NULL };
        setenv("GITHUB_STEP_SUMMARY", "summary.md", 1);
        if (!freopen("out.txt", "w", stdout)) _exit(9);
        int status = command_verify(5, argv);
        fflush(stdout);
        _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), EXIT_CHANGED);
    mini_expect("out.txt", "EXPECTED  GOT       CLAIM\nHOLDS     HOLDS     alpha/high\n");
    mini_expect("out.txt", "::error file=data/record/alpha.csv,line=7::alpha record: ");
    char *out = mini_read("out.txt");
    assert_string_equal(strrchr(out, '4'), "4 passed, 1 failed, 0 skipped\n");
    free(out);
    mini_expect("summary.md", "before\n## Glassbox: 4 passed, 1 failed, 0 skipped\n");
    mini_expect("summary.md", "| `alpha record` | failed | ");
    mini_expect(BUILD "/verify/junit.xml", "<failure message=");
}

static void a_malformed_record_is_one_message_and_status_2(void **state)
{
    (void)state;
    mini_replace("data/record/alpha.csv", "0.7265625", "nan");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { "verify", NULL };
        if (!freopen("err.txt", "w", stderr)) _exit(9);
        int status = command_verify(1, argv);
        fflush(stderr);
        _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), EXIT_USAGE);
    mini_expect("err.txt", "data/record/alpha.csv:7:3: \"nan\", expected a finite");
}

#define PLANTED(test) \
    cmocka_unit_test_setup_teardown(test, mini_setup_published, mini_teardown)

int main(void)
{
    char *root = getcwd(NULL, 0);
    setenv("GLASSBOX_ROOT", root, 1);
    free(root);
    const struct CMUnitTest tests[] = {
        PLANTED(junit_is_valid_and_names_what_failed),
        PLANTED(annotations_are_single_lines_and_at_most_eight),
        PLANTED(the_command_writes_its_files_and_its_last_line),
        PLANTED(a_malformed_record_is_one_message_and_status_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
