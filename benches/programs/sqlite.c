// A day of a small SQLite database: rows in transactions, an index, range queries, updates, deletions, a vacuum.
//
//     sqlite FILE
//
// FILE must not exist yet; SQLITE_TMPDIR is where temporary files go. What it prints is the same wherever it runs: it draws its numbers from its own generator, and
// its last line is a checksum over every row. Times are for whoever starts it.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sqlite3.h"

enum { ROWS = 60000, PER_TRANSACTION = 500, QUERIES = 2000, UPDATES = 10000 };

static sqlite3 *db;
static uint64_t state = 88172645463325252u;

// Xorshift.
static uint32_t draw(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % below);
}

static void fail(const char *what) {
    fprintf(stderr, "sqlite: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void run(const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail(sql);
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) fail(sql);
    return statement;
}

static void finish(sqlite3_stmt *statement) {
    if (sqlite3_finalize(statement) != SQLITE_OK) fail("finalize");
}

// Runs a statement that returns nothing, and makes it ready for the next time.
static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_sql(statement));
    sqlite3_reset(statement);
}

// The first column of the first row.
static sqlite3_int64 number(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_ROW) fail(sqlite3_sql(statement));
    sqlite3_int64 value = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return value;
}

static void insert(void) {
    char text[160];
    sqlite3_stmt *row = prepare("insert into item (owner, price, text) values (?, ?, ?)");
    for (int n = 0; n < ROWS; n++) {
        if (n % PER_TRANSACTION == 0) run("begin");
        int len = 20 + (int)draw(120);
        for (int at = 0; at < len; at++) text[at] = (char)('a' + draw(26));
        sqlite3_bind_int(row, 1, (int)draw(1000));
        sqlite3_bind_int(row, 2, (int)draw(100000));
        sqlite3_bind_text(row, 3, text, len, SQLITE_STATIC);
        step(row);
        if (n % PER_TRANSACTION == PER_TRANSACTION - 1) run("commit");
    }
    finish(row);
}

static void query(void) {
    sqlite3_int64 sum = 0;
    sqlite3_stmt *range = prepare("select total(length(text)) from item where price between ? and ?");
    sqlite3_stmt *owner = prepare("select count(*) from item where owner = ?");
    for (int n = 0; n < QUERIES; n++) {
        int from = (int)draw(100000);
        sqlite3_bind_int(range, 1, from);
        sqlite3_bind_int(range, 2, from + 200);
        sum += number(range);
        sqlite3_bind_int(owner, 1, (int)draw(1000));
        sum += number(owner);
    }
    finish(range);
    finish(owner);
    printf("queries %lld\n", (long long)sum);
}

static void update(void) {
    sqlite3_stmt *price = prepare("update item set price = price + 1 where id = ?");
    for (int n = 0; n < UPDATES; n++) {
        // Small transactions, each with a journal that is made, synchronised and deleted.
        if (n % 50 == 0) run("begin");
        sqlite3_bind_int(price, 1, 1 + (int)draw(ROWS));
        step(price);
        if (n % 50 == 49) run("commit");
    }
    finish(price);
}

static void checksum(void) {
    uint32_t sum = 2166136261u;
    int rows = 0;
    sqlite3_stmt *all = prepare("select id, owner, price, text from item order by id");
    while (sqlite3_step(all) == SQLITE_ROW) {
        rows++;
        for (int column = 0; column < 4; column++) {
            // FNV-1a of the text of each column.
            const unsigned char *text = sqlite3_column_text(all, column);
            for (; *text; text++) sum = (sum ^ *text) * 16777619u;
        }
    }
    finish(all);
    printf("rows %d checksum %08x\n", rows, sum);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    // The locks that a host without `fcntl` is left with, so that all hosts, the native one too, make the same calls.
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(argv[1], &db, flags, "unix-dotfile") != SQLITE_OK) fail("open");
    // A cache of 1 MiB, smaller than the file, so that pages come from the host again.
    run("pragma cache_size = -1024");
    run("create table item (id integer primary key, owner integer, price integer, text text)");
    insert();
    run("create index item_price on item (price)");
    run("create index item_owner on item (owner)");
    query();
    update();
    run("delete from item where owner % 7 = 0");
    run("vacuum");
    checksum();
    sqlite3_stmt *check = prepare("pragma integrity_check");
    if (sqlite3_step(check) != SQLITE_ROW) fail("integrity_check");
    printf("integrity %s\n", sqlite3_column_text(check, 0));
    finish(check);
    if (sqlite3_close(db) != SQLITE_OK) fail("close");
    return 0;
}
