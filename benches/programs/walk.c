// A tree of small files: makes one, and looks for a word in every file of one, as `grep -r` does.
//
//     walk make DIR        20,000 files of up to 4 KiB in 400 directories; DIR exists
//     walk find DIR WORD   counts the word, in one thread
//
// The tree is the same wherever it is made, and so is what is found in it.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTER = 20, INNER = 20, FILES = 50, LARGEST = 4096, PATH = 1024 };

static const char *const WORDS[] = {"the",  "walk", "of",   "a",      "tree", "finds", "every", "file",
                                    "that", "has",  "this", "needle", "in",   "it",    "once",  "more"};

static uint64_t state = 88172645463325252u;

struct found {
    long dirs, files, bytes, words;
};

// Xorshift.
static uint32_t draw(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % below);
}

static void fail(const char *what, const char *path) {
    fprintf(stderr, "walk: %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static void make_file(const char *path) {
    char text[LARGEST];
    size_t len = 0, wanted = 64 + draw(LARGEST - 128);
    while (len < wanted) {
        const char *word = WORDS[draw(16)];
        size_t size = strlen(word);
        memcpy(text + len, word, size);
        len += size;
        text[len++] = draw(10) ? ' ' : '\n';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0) fail("cannot make", path);
    if (write(fd, text, len) != (ssize_t)len) fail("cannot write", path);
    close(fd);
}

static void make_dir(const char *path) {
    if (mkdir(path, 0755) != 0) fail("cannot make", path);
}

static void make(const char *root) {
    char path[PATH];
    for (int outer = 0; outer < OUTER; outer++) {
        snprintf(path, sizeof path, "%s/part-%02d", root, outer);
        make_dir(path);
        for (int inner = 0; inner < INNER; inner++) {
            snprintf(path, sizeof path, "%s/part-%02d/section-%02d", root, outer, inner);
            make_dir(path);
            for (int file = 0; file < FILES; file++) {
                snprintf(path, sizeof path, "%s/part-%02d/section-%02d/page-%02d.txt", root, outer, inner, file);
                make_file(path);
            }
        }
    }
}

static long count(const char *text, size_t len, const char *word) {
    long words = 0;
    size_t size = strlen(word);
    const char *end = text + len;
    while ((size_t)(end - text) >= size) {
        text = memchr(text, word[0], (size_t)(end - text) - size + 1);
        if (!text) break;
        if (memcmp(text, word, size) == 0) words++;
        text++;
    }
    return words;
}

static void look(const char *path, const char *word, struct found *found) {
    // The files are small, so that one read has all of one, and a second says so.
    static char text[1 << 16];
    size_t len = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY);
    if (fd < 0) fail("cannot open", path);
    while (len < sizeof text && (got = read(fd, text + len, sizeof text - len)) > 0) len += (size_t)got;
    if (len == sizeof text) errno = EFBIG, got = -1;
    if (got < 0) fail("cannot read", path);
    close(fd);
    found->bytes += (long)len;
    found->words += count(text, len, word);
}

static void walk(const char *path, const char *word, struct found *found) {
    char below[PATH];
    DIR *dir = opendir(path);
    if (!dir) fail("cannot list", path);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        struct stat facts;
        if (lstat(below, &facts) != 0) fail("cannot stat", below);
        if (S_ISDIR(facts.st_mode)) {
            found->dirs++;
            walk(below, word, found);
        } else if (S_ISREG(facts.st_mode)) {
            found->files++;
            look(below, word, found);
        }
    }
    closedir(dir);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        make(argv[2]);
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "find") == 0) {
        struct found found = {0};
        walk(argv[2], argv[3], &found);
        printf("%ld directories, %ld files, %ld bytes, %ld times\n", found.dirs, found.files, found.bytes, found.words);
        return 0;
    }
    fprintf(stderr, "usage: walk make DIR | walk find DIR WORD\n");
    return 2;
}
