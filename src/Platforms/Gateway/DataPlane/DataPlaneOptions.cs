namespace Sluice.Platforms.Gateway;

/// <summary>How the data plane behaves, the same for all listeners.</summary>
public sealed class DataPlaneOptions
{
    /// <summary>
    /// The secret that marks the gateway's own probes (header <c>X-Sluice-Probe</c>). Null: no request is a probe.
    /// </summary>
    public string? ProbeToken { get; init; }

    /// <summary>The clock of buckets, time-outs and latencies. The default is the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How long a connection attempt to a replica may take. The default is 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long an exchange may stand still, with no byte moving between gateway and replica, before it is cut: 504 when the answer has not
    /// begun. The default is 60 seconds. Upgraded connections may be silent for ever.
    /// </summary>
    public TimeSpan ForwardTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a client's <c>Expect: 100-continue</c> waits for the replica's word before the body is sent. The default is 1 second.</summary>
    public TimeSpan ContinueTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an unused connection to a replica is kept. The default is 30 seconds.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long closing a listener waits for its requests. The default is 30 seconds.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Clients remembered per listener, each in one bucket, and as many failing ones for an hour. The default is 262,144, at most about
    /// 40 MB. Beyond it the counts about clients are marked approximate.
    /// </summary>
    public int MaxClients { get; init; } = 262_144;

    /// <summary>The seed of the weighted draw, for tests; null draws from the system's randomness.</summary>
    public int? Seed { get; init; }
}

/// <summary>Where probes say what they are.</summary>
public static class ProbeHeaders
{
    /// <summary>The header that carries the probe token; requests with it are never counted. Removed before forwarding.</summary>
    public const string Token = "X-Sluice-Probe";

    /// <summary>The revision that a request with a valid token goes to, whatever its weight. Removed before forwarding.</summary>
    public const string Revision = "X-Sluice-Revision";
}
