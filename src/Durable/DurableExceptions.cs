namespace Sluice.Durable;

/// <summary>No instance has this id.</summary>
public sealed class InstanceNotFoundException(string instanceId) : Exception($"There is no instance '{instanceId}'.")
{
    /// <summary>The id asked for.</summary>
    public string InstanceId { get; } = instanceId;
}

/// <summary>The host is being stopped and takes nothing new. What it acknowledged goes on at its next start.</summary>
public sealed class HostStoppingException() : Exception("HostStopping: The engine is being stopped and takes nothing new. Send it again when it has started.");

/// <summary>The id of a new instance is taken.</summary>
public sealed class InstanceExistsException(string instanceId, RuntimeStatus status)
    : Exception($"An instance '{instanceId}' exists already ({status}).")
{
    /// <summary>The id asked for.</summary>
    public string InstanceId { get; } = instanceId;

    /// <summary>Where the existing one stands.</summary>
    public RuntimeStatus Status { get; } = status;
}

/// <summary>The instance is in a state in which this cannot be done.</summary>
public sealed class InstanceStateException(string instanceId, RuntimeStatus status, string action)
    : Exception($"Cannot {action} instance '{instanceId}': it is {status}.")
{
    /// <summary>Which instance.</summary>
    public string InstanceId { get; } = instanceId;

    /// <summary>Where it stands.</summary>
    public RuntimeStatus Status { get; } = status;
}
