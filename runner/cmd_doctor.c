#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/command.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "host/bench_cpus.h"
#include "host/doctor/cmdline.h"
#include "host/doctor/doctor.h"
#include "host/host.h"
#include "host/topology.h"

/* Judges and prints; returns the exit code. */
static int diagnose(const struct facts *facts, bool json, struct err *e)
{
    struct cmdline_lock lock = {0};
    struct err why = {0};
    cleanup_text struct text out = {0};
    struct diagnosis d = doctor_judge(facts);
    int failed = doctor_load_cmdline(&lock, &why);
    doctor_judge_cmdline(&d, facts, &lock, failed != 0 ? why.text : NULL);
    const struct terminal_look look = terminal_look_of(STDOUT_FILENO);
    int status = json ? doctor_json(&d, facts, stdout, e) : 0;
    if (!json) {
        doctor_text(&d, facts, &look, &out);
        (void)fputs(out.data, stdout);
    }
    if (status == 0 && d.count[DOCTOR_FAILS] > 0)
        status = ERR_HOST;
    doctor_free(&d);
    cmdline_lock_free(&lock);
    return status;
}

int cmd_doctor(struct config *c, struct err *e)
{
    struct topology_choice cpus;
    cleanup_facts struct facts facts = {0};
    const char *root = "";
    TRY(config_sysroot(c, &root, e));
    TRY(bench_cpus_choose(root, &c->cell, NULL, &cpus, e));
    host_capture(root, &facts);
    doctor_capture(root, &cpus, &facts);
    return diagnose(&facts, c->host.json, e);
}
