/**
 * How dependent variables are, and how different two samples: HSIC, CKA and MMD, their gradients and their tests, on any device, of
 * arrays or of tensors.
 *
 * <pre>{@code
 * try (Device device = Devices.open("auto", 0).device()) {
 *     Variable x = Variable.of(a, Kernel.gaussian(5)), y = Variable.of(b, Kernel.gaussian(5));
 *     double hsic = Measure.HSIC.of(device, x, y);
 *     TestResult test = Independence.permutations(device, Measure.HSIC, x, y, 1000, seed);
 * }
 * }</pre>
 *
 * <p>{@link io.github.kib4j.dependence.Observations} are rows of numbers, wherever they lie; a {@link
 * io.github.kib4j.dependence.Variable} adds the kernel that compares them. What of them is computed, and from where the formulas are,
 * is in docs/mathematics.md, section 12. No measure keeps {@code n x n} numbers, and with the linear and cosine kernels none looks at
 * pairs where sums of products are less work.
 */
@NullMarked
package io.github.kib4j.dependence;

import org.jspecify.annotations.NullMarked;
