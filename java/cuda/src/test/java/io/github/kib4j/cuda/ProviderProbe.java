package io.github.kib4j.cuda;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.DevicePart;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.KibFailure;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Opens devices by their names, in a process of its own, and says what came of it; {@code parts} tells what was found. */
final class ProviderProbe {
    private ProviderProbe() {}

    public static void main(String[] names) {
        Logger.getLogger(Devices.class.getName()).setLevel(Level.OFF);
        for (String name : names) {
            if (name.equals("parts")) {
                DeviceProvider cuda = Devices.providers().get(0);
                for (DevicePart part : cuda.parts()) {
                    System.out.println(part.name() + " | " + part.found() + " | "
                            + part.problem().orElse("well"));
                }
                continue;
            }
            try {
                Devices.Choice choice = Devices.open(name, 1);
                choice.passedOver().forEach(reason -> System.out.println("passed over: " + reason));
                try (Device device = choice.device()) {
                    System.out.println("opened: " + device.name());
                }
            } catch (RuntimeException e) {
                if (!(e instanceof KibFailure)) {
                    throw e;
                }
                System.out.println("refused: " + e.getMessage());
            }
        }
    }
}
