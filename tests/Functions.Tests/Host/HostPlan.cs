using Sluice.Domain.Plans;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>The plans of one service with users' address of its own.</summary>
/// <param name="service">Its name.</param>
/// <param name="folder">Where its processes run.</param>
internal sealed class HostPlan(string service, string folder)
{
    private readonly int _port = FreePort.Reserved();

    public string Service => service;

    /// <summary>Where users come in.</summary>
    public Uri UsersAddress => new($"http://127.0.0.1:{_port}");

    /// <summary>Of a first release: all traffic at once.</summary>
    public Bundle First() => Of("- setWeight: 100");

    /// <summary>10 %, a soak on the wall clock, 100 %.</summary>
    public Bundle Canary(string soak, params string[] switches) => Of(
        $$"""
            - setWeight: 10
              - soak:     { duration: {{soak}}, every: 2s, clock: wall, warmup: 0s }
              - setWeight: 100
            """,
        switches);

    /// <summary>Deployment, and steps of the test's.</summary>
    public Bundle Of(string steps, params string[] switches)
    {
        var command = string.Join(", ", new[] { LocalAzure.Program, "serve" }.Concat(switches).Select(word => $"\"{word}\""));
        return new Bundle(
            $$"""
            schema: 1
            service: {{service}}
            environments:
              production:
                platform: { kind: process, command: [{{command}}], directory: "{{folder}}", portVariable: PORT,
                            health: /health, readyWithin: 60s, replicas: 1, stopWithin: 5s }
                router:   { kind: gateway, listen: "127.0.0.1:{{_port}}" }
                verifyRollbackAfter: 1s
                metrics:  { kind: gateway }
            steps:
              - validate: { environment: production }
              - deploy:   { environment: production }
              {{steps}}
            analysis:
              budget: 0.01
              metrics: [ { name: errors, limit: 0.01 } ]
            concurrency: queue
            """,
            new Dictionary<string, string>());
    }
}
