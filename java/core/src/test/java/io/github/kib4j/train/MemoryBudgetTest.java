package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.DeviceMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Whether an estimate fits, and what is said where it does not. */
final class MemoryBudgetTest {
    private static final long MB = 1 << 20;
    /** 360 MB on the device; 660 MB where all is the host's. */
    private static final MemoryEstimate ESTIMATE =
            new MemoryEstimate(10 * MB, 20 * MB, 250 * MB, 30 * MB, 50 * MB, 450 * MB, 160 * MB, List.of());

    private static final String PARTS =
            "parameters 10 MB, optimizer 20 MB, a step's activations, gradients and scratch memory"
                    + " 250 MB, tables 30 MB, data set 50 MB, ";

    private static MemoryBudget shared(long host) {
        return new MemoryBudget(OptionalLong.of(host), Optional.empty(), 0);
    }

    private static MemoryBudget own(long host, long free) {
        return own(host, free, 0);
    }

    private static MemoryBudget own(long host, long free, long there) {
        return new MemoryBudget(OptionalLong.of(host), Optional.of(new DeviceMemory(5000 * MB, free, 40 * MB)), there);
    }

    @Test
    void oneMemoryHoldsAll() {
        assertThat(shared(660 * MB).holds(ESTIMATE)).isTrue();
        assertThat(shared(660 * MB - 1).holds(ESTIMATE)).isFalse();
        assertThat(new MemoryBudget(OptionalLong.empty(), Optional.empty(), 0).holds(ESTIMATE))
                .isTrue();
        assertThat(shared(100 * MB).lack(ESTIMATE))
                .isEqualTo("about 660 MB of memory (" + PARTS + "Java and libraries 160 MB), but 100 MB are available");
        assertThat(shared(100 * MB).describe(ESTIMATE))
                .isEqualTo("about 660 MB of memory (" + PARTS + "Java and libraries 160 MB); available: 100 MB");
    }

    @Test
    void aDeviceWithMemoryOfItsOwnIsASecondBudget() {
        assertThat(own(610 * MB, 400 * MB).holds(ESTIMATE)).isTrue();
        assertThat(own(610 * MB, 400 * MB - 1).holds(ESTIMATE)).isFalse();
        assertThat(own(610 * MB - 1, 400 * MB).holds(ESTIMATE)).isFalse();
        assertThat(own(610 * MB, 300 * MB, 100 * MB).holds(ESTIMATE)).isTrue();
        assertThat(own(610 * MB, 300 * MB, 100 * MB - 1).holds(ESTIMATE)).isFalse();
        String device = "about 400 MB of the device's memory (" + PARTS + "libraries 40 MB)";
        String host = "about 610 MB of the host's memory (images 450 MB, Java and libraries 160 MB)";
        assertThat(own(100 * MB, 300 * MB).lack(ESTIMATE)).isEqualTo(device + ", but of its 5,000 MB 300 MB are free");
        assertThat(own(100 * MB, 400 * MB).lack(ESTIMATE)).isEqualTo(host + ", but 100 MB are available");
        assertThat(own(100 * MB, 300 * MB).describe(ESTIMATE))
                .isEqualTo(device + ", of its 5,000 MB 300 MB are free; " + host + "; available: 100 MB");
    }

    @Test
    void theLargestBatchIsTheLastThatFits() {
        for (int largest = 2; largest < 200; largest++) {
            int most = largest;
            List<Integer> asked = new ArrayList<>();
            assertThat(MemoryBudget.largestBatch(200, batch -> {
                        asked.add(batch);
                        return batch <= most;
                    }))
                    .hasValue(largest);
            assertThat(asked).as("planned").hasSizeLessThanOrEqualTo(16).allMatch(batch -> batch >= 2 && batch < 200);
        }
        assertThat(MemoryBudget.largestBatch(200, batch -> false)).isEmpty();
        assertThat(MemoryBudget.largestBatch(2, batch -> true)).isEmpty();
        assertThat(MemoryBudget.largestBatch(3, batch -> true)).hasValue(2);
    }
}
