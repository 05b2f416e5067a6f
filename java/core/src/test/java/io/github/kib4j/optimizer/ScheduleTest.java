package io.github.kib4j.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ScheduleTest {
    @Test
    void multiStepLowersAtMilestones() {
        Schedule schedule = new Schedule.MultiStep(List.of(2, 3), 0.25);
        assertThat(schedule.factor(19, 10, 4)).isEqualTo(1);
        assertThat(schedule.factor(20, 10, 4)).isEqualTo(0.25);
        assertThat(schedule.factor(39, 10, 4)).isEqualTo(0.0625);
    }

    @Test
    void cosineFallsFromOneToZero() {
        assertThat(new Schedule.Cosine().factor(0, 10, 4)).isEqualTo(1);
        assertThat(new Schedule.Cosine().factor(20, 10, 4)).isCloseTo(0.5, within(1e-15));
        assertThat(new Schedule.Cosine().factor(39, 10, 4)).isBetween(0.0, 0.01);
    }

    /** PyTorch's OneCycleLR(max_lr=1, total_steps=10, pct_start=0.3): first, top and last learning rates. */
    @Test
    void oneCycleRisesAndFallsAsPyTorchs() {
        Schedule schedule = new Schedule.OneCycle(0.3);
        assertThat(schedule.factor(0, 10, 1)).isCloseTo(0.04, within(1e-12));
        assertThat(schedule.factor(2, 10, 1)).isCloseTo(1, within(1e-12));
        assertThat(schedule.factor(9, 10, 1)).isCloseTo(4e-6, within(1e-12));
        assertThat(schedule.factor(1, 10, 1)).isCloseTo(0.52, within(1e-12));
    }

    @Test
    void warmUpRisesLinearly() {
        Schedule schedule = new Schedule.WarmUp(2, new Schedule.Constant());
        assertThat(schedule.factor(0, 10, 4)).isCloseTo(0.05, within(1e-15));
        assertThat(schedule.factor(19, 10, 4)).isEqualTo(1);
        assertThat(schedule.factor(30, 10, 4)).isEqualTo(1);
    }

    @Test
    void senselessSchedulesAreRefused() {
        assertThatThrownBy(() -> new Schedule.MultiStep(List.of(3, 2), 0.25)).hasMessageContaining("ascending");
        assertThatThrownBy(() -> new Schedule.WarmUp(0, new Schedule.Constant()))
                .hasMessageContaining("warm-up");
        assertThatThrownBy(() -> new Schedule.OneCycle(1)).hasMessageContaining("between 0 and 1");
    }

    /** What a schedule says of itself, against its factors in a run of four epochs and of six. */
    @Test
    void onlySomeSchedulesDependOnAllEpochs() {
        List<Schedule> plain = List.of(
                new Schedule.Constant(),
                new Schedule.MultiStep(List.of(2, 3), 0.25),
                new Schedule.Cosine(),
                new Schedule.OneCycle(0.3));
        List<Schedule> all = new ArrayList<>(plain);
        plain.forEach(schedule -> all.add(new Schedule.WarmUp(2, schedule)));
        for (Schedule schedule : all) {
            boolean differs = IntStream.range(0, 40)
                    .anyMatch(step -> schedule.factor(step, 10, 4) != schedule.factor(step, 10, 6));
            assertThat(schedule.dependsOnEpochs()).as(schedule.toString()).isEqualTo(differs);
        }
    }
}
