// Streams, events, functions that streams call.
#include "runtime/cudart.h"
#include "runtime/node_details.h"
#include "runtime/pools.h"

using namespace kib::emulator;

namespace {

template <class Body>
int on_event(const char* name, const void* handle, Body body) {
  return call(name, [&](Device& device, Lock& lock) -> int {
    Event* event = device.event(handle, name);
    return event == nullptr ? static_cast<int>(cudaErrorInvalidResourceHandle) : body(device, lock, *event);
  });
}

int create(const char* name, void** handle, unsigned flags, int priority) {
  return call(name, [&](Device& device, Lock&) -> int {
    if (handle == nullptr || flags > 1) return cudaErrorInvalidValue;
    *handle = device.create_stream(flags, priority > 0 ? 0 : priority < -5 ? -5 : priority);
    return cudaSuccess;
  });
}

int create_event(const char* name, void** handle, unsigned flags) {
  return call(name, [&](Device& device, Lock&) -> int {
    if (handle == nullptr || flags > 7) return cudaErrorInvalidValue;
    *handle = device.create_event((flags & 2) == 0);
    return cudaSuccess;
  });
}

// Why an event that was recorded in a capture cannot be asked about.
int captured(Device& device, const Event& event, const char* name) {
  if (event.capture == nullptr) return cudaSuccess;
  if (event.capture->graph != nullptr) {
    return device.forbid(*event.capture, cudaErrorCapturedEvent, name,
                         "asks about an event that was recorded in a capture");
  }
  report(Finding::kBadHandle, name, "the event was last recorded in a capture that has ended; record it anew");
  return cudaErrorCapturedEvent;
}

}  // namespace

KIB_EXPORT int cudaStreamCreate(void** handle) { return create("cudaStreamCreate", handle, 0, 0); }

KIB_EXPORT int cudaStreamCreateWithFlags(void** handle, unsigned flags) {
  return create("cudaStreamCreateWithFlags", handle, flags, 0);
}

KIB_EXPORT int cudaStreamCreateWithPriority(void** handle, unsigned flags, int priority) {
  return create("cudaStreamCreateWithPriority", handle, flags, priority);
}

KIB_EXPORT int cudaStreamDestroy(void* handle) {
  return on_stream("cudaStreamDestroy", handle, [&](Device& device, Lock&, Stream& stream) -> int {
    if (reinterpret_cast<uintptr_t>(handle) <= 2) {
      report(Finding::kBadHandle, "cudaStreamDestroy", "a default stream cannot be destroyed");
      return cudaErrorInvalidResourceHandle;
    }
    return device.destroy(stream);
  });
}

KIB_EXPORT int cudaStreamSynchronize(void* handle) {
  return on_stream("cudaStreamSynchronize", handle, [](Device& device, Lock& lock, Stream& stream) {
    return device.synchronize(lock, stream, "cudaStreamSynchronize");
  });
}

KIB_EXPORT int cudaStreamQuery(void* handle) {
  return on_stream("cudaStreamQuery", handle, [](Device& device, Lock& lock, Stream& stream) {
    return device.query(lock, stream, "cudaStreamQuery");
  });
}

KIB_EXPORT int cudaStreamGetPriority(void* handle, int* priority) {
  return on_stream("cudaStreamGetPriority", handle, [&](Device&, Lock&, Stream& stream) -> int {
    *priority = stream.priority;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaStreamGetFlags(void* handle, unsigned* flags) {
  return on_stream("cudaStreamGetFlags", handle, [&](Device&, Lock&, Stream& stream) -> int {
    *flags = stream.flags;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaStreamGetId(void* handle, unsigned long long* id) {
  return on_stream("cudaStreamGetId", handle, [&](Device&, Lock&, Stream& stream) -> int {
    *id = stream.id;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaStreamGetDevice(void* handle, int* device) {
  return on_stream("cudaStreamGetDevice", handle, [&](Device&, Lock&, Stream&) -> int {
    *device = 0;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaStreamWaitEvent(void* handle, void* event_handle, unsigned) {
  return on_stream("cudaStreamWaitEvent", handle, [&](Device& device, Lock&, Stream& stream) -> int {
    Event* event = device.event(event_handle, "cudaStreamWaitEvent");
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    return device.wait(stream, *event, "cudaStreamWaitEvent");
  });
}

KIB_EXPORT int cudaLaunchHostFunc(void* handle, void (*function)(void*), void* data) {
  return on_stream("cudaLaunchHostFunc", handle, [&](Device& device, Lock& lock, Stream& stream) -> int {
    if (function == nullptr) return cudaErrorInvalidValue;
    auto details = std::make_shared<NodeDetails>();
    details->value = HostDetails{function, data};
    const auto work = [function, data] {
      function(data);
      return 0;
    };
    return device.enqueue(lock, stream, {NodeKind::kHost, "cudaLaunchHostFunc", work, std::move(details)});
  });
}

KIB_EXPORT int cudaStreamAddCallback(void* handle, void (*function)(void*, int, void*), void* data, unsigned flags) {
  return on_stream("cudaStreamAddCallback", handle, [&](Device& device, Lock& lock, Stream& stream) -> int {
    if (function == nullptr || flags != 0) return cudaErrorInvalidValue;
    if (stream.capture != nullptr) {
      return device.forbid(*stream.capture, cudaErrorStreamCaptureUnsupported, "cudaStreamAddCallback",
                           "cannot be captured; use cudaLaunchHostFunc");
    }
    return device.enqueue(lock, stream, {NodeKind::kHost, "cudaStreamAddCallback", [function, handle, data] {
                                           function(handle, cudaSuccess, data);
                                           return 0;
                                         }});
  });
}

KIB_EXPORT int cudaEventCreate(void** handle) { return create_event("cudaEventCreate", handle, 0); }

KIB_EXPORT int cudaEventCreateWithFlags(void** handle, unsigned flags) {
  return create_event("cudaEventCreateWithFlags", handle, flags);
}

KIB_EXPORT int cudaEventDestroy(void* handle) {
  return on_event("cudaEventDestroy", handle, [](Device&, Lock&, Event& event) -> int {
    event.destroyed = true;  // what waits for it still does
    event.node = nullptr;
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaEventRecord(void* handle, void* stream_handle) {
  return on_event("cudaEventRecord", handle, [&](Device& device, Lock& lock, Event& event) -> int {
    Stream* stream = device.stream(stream_handle, "cudaEventRecord");
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    return device.record(lock, event, *stream);
  });
}

KIB_EXPORT int cudaEventRecordWithFlags(void* handle, void* stream, unsigned flags) {
  if (flags == 0) return cudaEventRecord(handle, stream);
  report(Finding::kUnsupported, "cudaEventRecordWithFlags", "external events are not emulated; pass no flags");
  return remember(cudaErrorNotSupported);
}

KIB_EXPORT int cudaEventQuery(void* handle) {
  return on_event("cudaEventQuery", handle, [](Device& device, Lock& lock, Event& event) -> int {
    if (const int error = captured(device, event, "cudaEventQuery")) return error;
    device.scheduler().poke(lock);
    if (const int fault = device.scheduler().fault()) return fault;
    if (event.node == nullptr) return cudaSuccess;
    if (!event.node->done) return cudaErrorNotReady;
    device.scheduler().wait(lock, event.node);  // the host knows it now
    return cudaSuccess;
  });
}

KIB_EXPORT int cudaEventSynchronize(void* handle) {
  return on_event("cudaEventSynchronize", handle, [](Device& device, Lock& lock, Event& event) -> int {
    if (const int error = captured(device, event, "cudaEventSynchronize")) return error;
    if (const NodePtr node = event.node) device.scheduler().wait(lock, node);
    Pools::instance().give_back();
    return device.scheduler().fault();
  });
}

KIB_EXPORT int cudaEventElapsedTime(float* milliseconds, void* from_handle, void* to_handle) {
  return on_event("cudaEventElapsedTime", from_handle, [&](Device& device, Lock&, Event& from) -> int {
    const Event* to = device.event(to_handle, "cudaEventElapsedTime");
    if (to == nullptr) return cudaErrorInvalidResourceHandle;
    if (milliseconds == nullptr) return cudaErrorInvalidValue;
    if (const int error = captured(device, from, "cudaEventElapsedTime")) return error;
    if (const int error = captured(device, *to, "cudaEventElapsedTime")) return error;
    if (!from.timing || !to->timing || from.node == nullptr || to->node == nullptr) {
      report(Finding::kBadArgument, "cudaEventElapsedTime",
             "an event was never recorded, or was created with cudaEventDisableTiming");
      return cudaErrorInvalidResourceHandle;
    }
    if (!from.node->done || !to->node->done) return cudaErrorNotReady;
    *milliseconds = static_cast<float>(*to->milliseconds - *from.milliseconds);
    return cudaSuccess;
  });
}
