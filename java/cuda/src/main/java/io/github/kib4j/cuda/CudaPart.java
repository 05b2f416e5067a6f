package io.github.kib4j.cuda;

import org.jspecify.annotations.Nullable;

/**
 * What was found of one of NVIDIA's libraries.
 *
 * @param name that people know
 * @param version as 13.0; null if it was not asked
 * @param path the file that is loaded, or would be; null if there is none
 * @param problem one sentence: what is wrong with it, and what to install; null if nothing is
 */
record CudaPart(
        String name,
        @Nullable String version,
        @Nullable String path,
        @Nullable String problem) {}
