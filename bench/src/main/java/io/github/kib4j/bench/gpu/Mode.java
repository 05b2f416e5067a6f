package io.github.kib4j.bench.gpu;

import java.util.Locale;
import java.util.Map;

/** How a device runs a step; one that computes on the calling thread has one way only, {@link #PLAIN}. */
enum Mode {
    /** A captured graph, replayed, with updates on a lane of their own: what a device does by itself. */
    GRAPH(Map.of()),
    /** A captured graph without the second lane. */
    ONE_LANE(Map.of("lanes", "off")),
    /** Launch by launch. */
    PLAIN(Map.of("graph", "off"));

    private final Map<String, String> settings;

    Mode(Map<String, String> settings) {
        this.settings = settings;
    }

    /** Returns the settings of a device that runs steps so; none for one that has only one way. */
    Map<String, String> settings(boolean synchronous) {
        return synchronous ? Map.of() : settings;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
