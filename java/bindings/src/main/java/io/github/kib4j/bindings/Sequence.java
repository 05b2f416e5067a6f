package io.github.kib4j.bindings;

import io.github.kib4j.op.Work;
import java.util.List;

/**
 * Several works as one, each on the whole scratch memory.
 *
 * @param parts in their order
 */
public record Sequence(List<Work> parts) implements Work {
    @Override
    public long scratchBytes() {
        return parts.stream().mapToLong(Work::scratchBytes).max().orElse(0);
    }

    @Override
    public Runnable bind(Place place) {
        Runnable[] all = parts.stream().map(part -> part.bind(place)).toArray(Runnable[]::new);
        return () -> {
            for (Runnable part : all) {
                part.run();
            }
        };
    }
}
