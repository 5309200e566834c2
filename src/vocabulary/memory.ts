/** Memory: what the kernel spends on one entry of its tables, in bytes, slab waste included (kernel-semantics 2.8, 12.3). */
export const HALF_OPEN_BYTES = 341;
export const FULL_SOCKET_BYTES = 2521;
export const TIME_WAIT_BYTES = 256;
