/** What a program that uses kib4j packs and starts. */
@org.jspecify.annotations.NullMarked
package io.github.kib4j.application;
