/* Loaded before Node.js: an addon that looks for a function that makes a buffer over memory of its own
 * gets one that ends the process, as Electron's V8 forbids such memory. napi-rs finds all functions of
 * Node.js by dlsym, so that this sees every one of them. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *FORBIDDEN[] = {
  "napi_create_external_arraybuffer",
  "napi_create_external_buffer",
  "node_api_create_external_sharedarraybuffer",
};

/* The versions under which glibc has dlsym, by processor and age. */
static const char *VERSIONS[] = { "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.4" };

static int forbidden(void) {
  fputs("an external buffer: not allowed in Electron\n", stderr);
  _Exit(86);
}

void *dlsym(void *handle, const char *name) {
  static void *(*original)(void *, const char *);
  for (size_t i = 0; original == NULL && i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
    *(void **)&original = dlvsym(RTLD_NEXT, "dlsym", VERSIONS[i]);
  }
  for (size_t i = 0; i < sizeof FORBIDDEN / sizeof *FORBIDDEN; i++) {
    if (strcmp(name, FORBIDDEN[i]) == 0) {
      setenv("EXTERNAL_BUFFERS", "forbidden", 1);
      return (void *)forbidden;
    }
  }
  return original(handle, name);
}
