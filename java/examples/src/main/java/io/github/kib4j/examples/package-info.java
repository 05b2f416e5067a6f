/**
 * Examples of kib4j as a library, each a class with a {@code main}: to be read, run and copied. Tests run them all.
 *
 * <p>{@code mvn -pl java/examples -am -DskipTests install}, then for one of them {@code mvn -pl java/examples exec:java
 * -Dexec.mainClass=io.github.kib4j.examples.HsicOfArrays}.
 */
@NullMarked
package io.github.kib4j.examples;

import org.jspecify.annotations.NullMarked;
