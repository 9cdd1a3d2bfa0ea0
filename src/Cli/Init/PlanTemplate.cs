using Sluice.Domain.Plans;

namespace Sluice.Cli.Init;

/// <summary>The files <c>init</c> writes. A test compiles them.</summary>
internal static class PlanTemplate
{
    private const string Steps =
        """
        steps:
          - validate: { environment: staging }
          - deploy:   { environment: staging, weight: 100 }
          - smoke:    { environment: staging, suite: smoke.yaml }
          - validate: { environment: production }
          - deploy:   { environment: production }
          - smoke:    { environment: production, suite: smoke.yaml }
          - setWeight: 10
          - soak:     { duration: 15m, every: 30s, onFailure: rollback }
          - setWeight: 100
          - hold:     1h
        analysis:
          budget: 0.01               # highest chance of rolling back a good release
          metrics:
            - { name: errors, limit: 0.01 }
            - { name: latency-p99, limit: 500ms, regression: 1.5 }
        """;

    /// <summary>Text by name.</summary>
    /// <param name="guess">What the folder looks like.</param>
    /// <param name="strategy">A named plan that the plan selects; null for steps to edit.</param>
    public static IReadOnlyDictionary<string, string> For(ProjectGuess guess, string? strategy = null)
    {
        var command = "[" + string.Join(", ", guess.Command.Select(word => $"\"{word}\"")) + "]";
        return new Dictionary<string, string>
        {
            ["sluice.yaml"] =
                $$"""
                # How a release of {{guess.Service}} goes from commit to 100 %. Check it with `sluice validate`.
                schema: 1
                service: {{guess.Service}}
                environments:                # declared order = order of promotion
                  staging:
                    platform:
                      kind: process
                      command: {{command}}    # {version} and {commit} are replaced; no shell
                      directory: .
                      portVariable: PORT     # the service listens on the port in this variable
                      health: /health        # answers 200 when the service may get traffic
                      readyWithin: 60s
                      replicas: 1
                      stopWithin: 30s
                    router: { kind: gateway, listen: "127.0.0.1:8081" }
                    variables: environment.staging.yaml
                  production:
                    platform:
                      kind: process
                      command: {{command}}
                      directory: .
                      portVariable: PORT
                      health: /health
                      readyWithin: 60s
                      replicas: 2
                      stopWithin: 30s
                    router: { kind: gateway, listen: "127.0.0.1:8080" }    # users come here
                    metrics: { kind: gateway }
                    variables: environment.production.yaml
                {{(strategy is null ? Steps : Named(strategy))}}
                concurrency: queue           # queue | supersede | refuse

                """,
            ["environment.staging.yaml"] = Environment("staging"),
            ["environment.production.yaml"] = Environment("production"),
            ["smoke.yaml"] =
                """
                # Run against a new revision before it gets traffic.
                within: 30s
                checks:
                  - name: health
                    path: /health
                    expect: { status: 200, within: 2s }

                """,
        };
    }

    // What the strategy cannot know is written out; the rest has defaults that its file lists.
    private static string Named(string strategy)
    {
        bool Has(string parameter) => NamedPlans.Text(strategy)!.Contains($"  {parameter}: ~", StringComparison.Ordinal);
        var own = Has("staging") ? "" :
            """
            steps:                       # before those of the strategy
              - validate: { environment: staging }
              - deploy:   { environment: staging, weight: 100 }
              - smoke:    { environment: staging, suite: smoke.yaml }

            """;
        return own +
            $$"""
            strategy:                    # its steps, parameters and defaults are in docs/strategies.md
              name: {{strategy}}
              suite: smoke.yaml{{(Has("approvers") ? "\n  approvers: [release-managers]" : "")}}
            """;
    }

    private static string Environment(string name) =>
        $$"""
        # What the service is given in {{name}}. Secrets are named, never written here:
        #   DATABASE_URL: { format: postgres-url, fromSecret: database-url }
        variables:
          SERVICE_ENVIRONMENT: { value: {{name}} }

        """;
}
