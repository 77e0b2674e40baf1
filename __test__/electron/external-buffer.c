/* An addon that does what Electron forbids, having found the function as napi-rs does. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <stddef.h>

typedef int (*create_external)(void *, void *, size_t, void (*)(void *, void *, void *), void *, void **);

static char memory[16];

static void finalize(void *env, void *data, void *hint) {
  (void)env, (void)data, (void)hint;
}

void *napi_register_module_v1(void *env, void *exports) {
  void *result = exports;
  create_external create;
  *(void **)&create = dlsym(RTLD_DEFAULT, "napi_create_external_arraybuffer");
  create(env, memory, sizeof memory, finalize, NULL, &result);
  return result;
}
