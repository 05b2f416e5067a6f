/**
 * What every backend is held to, whoever wrote it: one list of cases of all operations, compared with the reference; contracts of
 * devices, training, resuming and dependence; golden trainings of the authors' own implementation; tiny runs.
 */
@NullMarked
package io.github.kib4j.testkit;

import org.jspecify.annotations.NullMarked;
