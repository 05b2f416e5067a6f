package io.github.kib4j.op;

/**
 * A device that can be opened here.
 *
 * @param provider name of its kind: {@code cpu}, {@code cuda}
 * @param index which of its kind, from 0
 * @param description one line for people
 */
public record DeviceInfo(String provider, int index, String description) {
    /** {@return the name that {@link Devices#open} knows it by: {@code cpu}, {@code cuda:1}} */
    public String name() {
        return index == 0 ? provider : provider + ":" + index;
    }
}
