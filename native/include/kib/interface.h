/* Whether who calls a library and the library itself were compiled with the same headers. */
#ifndef KIB_INTERFACE_H
#define KIB_INTERFACE_H

/* Raised whenever a declaration of these headers changes: a library answers with the one that it was compiled with. */
#define KIB_INTERFACE 10

#endif
