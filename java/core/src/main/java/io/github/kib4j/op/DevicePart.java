package io.github.kib4j.op;

import java.util.Optional;

/**
 * Something that a kind of device needs, as it was found on this machine: a driver, a library, a card.
 *
 * @param name a word or two
 * @param found what it is: version, place, size; empty if there is nothing
 * @param problem one sentence: what is wrong with it, and what to do; empty if it is well
 */
public record DevicePart(String name, String found, Optional<String> problem) {}
