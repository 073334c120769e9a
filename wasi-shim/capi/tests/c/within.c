/* What callbacks may do while they are called: free what the call is made of, and use it. */
#include "check.h"

/* What is to be freed, once, by the first callback that is reached. */
static wasi_shim_context **doomed_context;
static wasi_shim_config **doomed_config;
static wasi_shim_dir **doomed_dir;

static void free_all(void) {
  if (doomed_context != NULL) {
    wasi_shim_context_free(doomed_context);
  }
  if (doomed_config != NULL) {
    wasi_shim_config_free(doomed_config);
  }
  if (doomed_dir != NULL) {
    wasi_shim_dir_free(doomed_dir);
  }
  doomed_context = NULL;
  doomed_config = NULL;
  doomed_dir = NULL;
}

static uint16_t freeing_now(void *user, uint32_t clock, uint64_t *time) {
  (void)user, (void)clock;
  free_all();
  *time = 1;
  return 0;
}

static wasi_shim_config *with_clock(void) {
  wasi_shim_config *made = config();
  OK(wasi_shim_config_clock(made, freeing_now, 1, NULL, NULL));
  return made;
}

/* A guest whose clock frees it: while its deadline is set, and while it is made. */
static void test_clock(void) {
  wasi_shim_context *context = guest(with_clock());
  doomed_context = &context;
  OK(wasi_shim_set_deadline(context, 1000));
  CHECK(context == NULL);

  wasi_shim_config *made = with_clock();
  OK(wasi_shim_config_arg(made, "program"));
  OK(wasi_shim_config_deadline(made, 1000));
  doomed_config = &made;
  OK(wasi_shim_context_new(made, &context));
  CHECK(made == NULL);
  wasi_shim_result result;
  CHECK(wasi_shim_args_sizes_get(context, 0, memory, MEMORY, 0, 4, &result) == WASI_SHIM_OUTCOME_RETURNED);
  CHECK(result.value == 0 && get32(0) == 1 && get32(4) == 8);
  wasi_shim_context_free(&context);
}

static uint16_t freeing_stat(void *user, const char *name, wasi_shim_filestat *stat) {
  (void)user;
  free_all();
  stat->kind = name == NULL ? 3 : 4;
  return name == NULL ? 0 : NOENT;
}

static uint16_t nothing(void *user, const char *name, const wasi_shim_open_how *how, wasi_shim_found *found) {
  (void)user, (void)name, (void)how, (void)found;
  return NOENT;
}

static uint16_t empty(void *user, wasi_shim_listing *listing) {
  (void)user, (void)listing;
  free_all();
  return 0;
}

static uint16_t refused(void *user, const char *name) {
  (void)user, (void)name;
  free_all();
  return ROFS;
}

static const wasi_shim_dir_callbacks CALLBACKS = {
    .stat = freeing_stat, .open = nothing, .list = empty, .create_dir = refused};

/* An overlay that is freed while its changes are made elsewhere, by the directory that it is over. */
static void test_commit(void) {
  wasi_shim_dir *lower, *upper, *overlay;
  OK(wasi_shim_dir_new(&CALLBACKS, NULL, &lower));
  OK(wasi_shim_dir_memory(0, 0, &upper));
  OK(wasi_shim_dir_overlay(lower, upper, &overlay));
  wasi_shim_config *made = config();
  OK(wasi_shim_config_preopen(made, "/", overlay, WASI_SHIM_ACCESS_READ_WRITE));
  wasi_shim_context *context = guest(made);
  wasi_shim_result result;
  memcpy(memory + TEXT, "new", 3);
  wasi_shim_path_create_directory(context, 0, memory, MEMORY, 3, TEXT, 3, &result);
  CHECK(result.outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == 0);
  wasi_shim_context_free(&context);

  doomed_dir = &overlay;
  CHECK(wasi_shim_overlay_commit(overlay, lower) == WASI_SHIM_STATUS_FILESYSTEM);
  CHECK(strstr(message(), "rofs") != NULL || strstr(message(), "read-only") != NULL);
  CHECK(overlay == NULL);
  wasi_shim_dir_free(&lower);
  wasi_shim_dir_free(&upper);
}

/* The variables that something is freed through may be freed by its `drop`. */
struct owner {
  wasi_shim_config *config;
  wasi_shim_context *context;
  int *drops;
};

static void free_owner(void *user) {
  struct owner *owner = user;
  *owner->drops += 1;
  free(owner);
}

static void test_owner(void) {
  int drops = 0;
  struct owner *owner = malloc(sizeof *owner);
  *owner = (struct owner){.drops = &drops};
  OK(wasi_shim_config_new(&owner->config));
  OK(wasi_shim_config_clock(owner->config, freeing_now, 1, owner, free_owner));
  OK(wasi_shim_context_new(owner->config, &owner->context));
  wasi_shim_config_free(&owner->config);
  CHECK(drops == 0);
  wasi_shim_context_free(&owner->context);
  CHECK(drops == 1);
}

/* The `drop` of what is replaced in a configuration may change it. */
static void use_config(void *user) { OK(wasi_shim_config_arg(*(wasi_shim_config **)user, "replaced")); }

static void test_replaced(void) {
  wasi_shim_config *made = config();
  OK(wasi_shim_config_clock(made, freeing_now, 1, &made, use_config));
  OK(wasi_shim_config_clock(made, freeing_now, 1, NULL, NULL));
  wasi_shim_context *context = guest(made);
  wasi_shim_result result;
  wasi_shim_args_sizes_get(context, 0, memory, MEMORY, 0, 4, &result);
  CHECK(result.value == 0 && get32(0) == 1);
  wasi_shim_context_free(&context);
}

void test_within(void) {
  test_clock();
  test_commit();
  test_owner();
  test_replaced();
}
