/* Counts the words of a file, writes all counts to another and prints the largest: files, the environment, sorting. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
  char text[32];
  int count;
};

static int larger(const void *one, const void *other) {
  const struct word *a = one, *b = other;
  return b->count != a->count ? b->count - a->count : strcmp(b->text, a->text);
}

int main(int argc, char **argv) {
  static struct word words[64];
  if (argc == 2 && strcmp(argv[1], "abort") == 0) {
    abort();
  }
  if (argc != 3) {
    return 2;
  }
  FILE *in = fopen(argv[1], "r"), *out = fopen(argv[2], "w");
  if (in == NULL || out == NULL) {
    fprintf(stderr, "%s\n", strerror(errno));
    return 1;
  }
  char text[32];
  size_t known = 0;
  while (fscanf(in, "%31s", text) == 1) {
    size_t at = 0;
    while (at < known && strcmp(words[at].text, text) != 0) {
      at += 1;
    }
    if (at == known) {
      strcpy(words[known++].text, text);
    }
    words[at].count += 1;
  }
  qsort(words, known, sizeof *words, larger);
  int limit = atoi(getenv("LIMIT"));
  for (size_t at = 0; at < known; at += 1) {
    fprintf(out, "%s %d\n", words[at].text, words[at].count);
    if ((int)at < limit) {
      printf("%s %d\n", words[at].text, words[at].count);
    }
  }
  return fclose(out) == 0 && fclose(in) == 0 ? 0 : 1;
}
