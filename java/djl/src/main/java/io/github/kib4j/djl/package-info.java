/**
 * kib4j in programs of DJL (Deep Java Library): dependence measures of its arrays, what layers of a model depend on while it trains,
 * and models that learn by kib4j's local rules.
 */
@org.jspecify.annotations.NullMarked
package io.github.kib4j.djl;
