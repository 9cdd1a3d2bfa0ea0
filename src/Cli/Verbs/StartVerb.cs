using System.CommandLine;
using Sluice.Api.Rollouts;
using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration;

namespace Sluice.Cli.Verbs;

/// <summary><c>start PLAN --version V</c>.</summary>
internal static class StartVerb
{
    public static Command Create(Terminal terminal)
    {
        var plan = new Argument<string>("plan") { Description = "The plan's file.", DefaultValueFactory = _ => "sluice.yaml" };
        var version = new Option<string>("--version") { Description = "What to roll out, such as v1.2.0.", Required = true, HelpName = "V" };
        var commit = new Option<string?>("--commit") { Description = "Its commit's SHA.", HelpName = "SHA" };
        var artifact = new Option<string?>("--artifact") { Description = "Where its build is, for platforms that need it.", HelpName = "REF" };
        var wait = new Option<bool>("--wait") { Description = "Wait for the end: exit 0 Healthy, 1 Degraded or Failed, 3 time-out." };
        var timeout = CommonOptions.Duration("--timeout", "With --wait, how long; without end by default.");
        var successOnPause = new Option<bool>("--success-on-pause") { Description = "With --wait, a pause ends the wait with 0." };
        var key = new Option<string?>("--idempotency-key") { Description = "The same key with the same request is the same rollout.", HelpName = "KEY" };
        var emergency = new Option<bool>("--emergency") { Description = "Without soaks, approvals and baselines; admins and those the plan names, with --reason and --confirm." };
        var reason = new Option<string?>("--reason") { Description = "With --emergency, why.", HelpName = "TEXT" };
        var confirm = new Option<string?>("--confirm") { Description = "With --emergency, the version once more.", HelpName = "V" };
        var overrideFreeze = new Option<string?>("--override-freeze") { Description = "Why it must move in spite of a freeze window; a second person must say so too.", HelpName = "TEXT" };
        var command = new Command("start", "Start a rollout.")
        {
            plan, version, commit, artifact, wait, timeout, successOnPause, key, emergency, reason, confirm, overrideFreeze,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(emergency) && string.IsNullOrWhiteSpace(result.GetValue(reason)))
            {
                result.AddError("--emergency needs a --reason.");
            }

            if (result.GetValue(emergency) && result.GetValue(confirm) != result.GetValue(version))
            {
                result.AddError("--emergency skips soaks, approvals and baselines: say the version once more with --confirm.");
            }

            if (!result.GetValue(emergency) && (result.GetValue(reason) ?? result.GetValue(confirm)) is not null)
            {
                result.AddError("--reason and --confirm go with --emergency.");
            }
        });
        return command
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var release = new Release(parsed.GetRequiredValue(version), parsed.GetValue(commit), parsed.GetValue(artifact));
                var body = StartRollout.From(BundleFolder.Read(parsed.GetRequiredValue(plan)), release) with
                {
                    Emergency = parsed.GetValue(emergency) ? new StartEmergency(parsed.GetValue(reason)!, parsed.GetValue(confirm)!) : null,
                    OverrideFreeze = parsed.GetValue(overrideFreeze),
                };

                // Without one of the caller's, a repeated send after a lost answer must still start one rollout.
                var idempotencyKey = parsed.GetValue(key) ?? Guid.NewGuid().ToString("N");
                var started = await client.PostAsync<RolloutStarted>("/api/rollouts", body, idempotencyKey, cancellationToken);
                foreach (var warning in started.Warnings ?? [])
                {
                    await terminal.Error.WriteLineAsync("warning: " + ProblemText.Of(warning, parsed.GetRequiredValue(plan)));
                }

                if (!parsed.GetValue(wait))
                {
                    if (parsed.GetValue(CommonOptions.Json))
                    {
                        // The management URIs carry a key and stay out of logs.
                        terminal.WriteJson(new { started.Id, started.RolloutUri });
                    }
                    else
                    {
                        await terminal.Output.WriteLineAsync(started.Id);
                        await terminal.Error.WriteLineAsync($"Started. Follow it with `sluice get {started.Id} --watch`.");
                    }

                    return ExitCode.Ok;
                }

                await terminal.Error.WriteLineAsync($"Started {started.Id}.");
                var watch = new RolloutWatch(terminal, client, started.Id);
                var (view, timedOut) = await watch.FollowAsync(
                    parsed.GetValue(timeout), parsed.GetValue(successOnPause), tree: !parsed.GetValue(CommonOptions.Json), cancellationToken);
                GetVerb.Write(terminal, view, parsed.GetValue(CommonOptions.Json), drawn: terminal.Interactive);
                return RolloutWatch.CodeOf(view, timedOut, parsed.GetValue(successOnPause));
            });
    }
}

/// <summary><c>get ID</c>.</summary>
internal static class GetVerb
{
    public static Command Create(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        var watch = new Option<bool>("--watch", "-w") { Description = "Follow it to its end." };
        return new Command("get", "Show a rollout as a tree.") { id, watch }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var json = parsed.GetValue(CommonOptions.Json);
                if (!parsed.GetValue(watch))
                {
                    Write(terminal, await client.GetAsync<RolloutView>(RolloutArgument.Path(parsed.GetRequiredValue(id)), cancellationToken), json, drawn: false);
                    return ExitCode.Ok;
                }

                var (view, _) = await new RolloutWatch(terminal, client, parsed.GetRequiredValue(id)).FollowAsync(null, false, tree: !json, cancellationToken);
                Write(terminal, view, json, drawn: terminal.Interactive);
                return ExitCode.Ok;
            });
    }

    /// <summary>Writes a rollout, unless the live tree has just drawn it.</summary>
    public static void Write(Terminal terminal, RolloutView view, bool json, bool drawn)
    {
        if (json)
        {
            terminal.WriteJson(view);
        }
        else if (!drawn)
        {
            foreach (var line in RolloutTree.Render(view, terminal.Time.GetUtcNow(), lines: terminal.Interactive))
            {
                terminal.WriteMarkup(line);
            }
        }
    }
}

/// <summary><c>status ID</c>.</summary>
internal static class StatusVerb
{
    public static Command Create(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        var watch = new Option<bool>("--watch", "-w") { Description = "Wait for the end." };
        var timeout = CommonOptions.Duration("--timeout", "With --watch, how long; without end by default.");
        var successOnPause = new Option<bool>("--success-on-pause") { Description = "A pause counts as success." };
        return new Command("status", "Say where a rollout stands: exit 0 Healthy, 1 Degraded or Failed, 3 not ended.") { id, watch, timeout, successOnPause }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                // Without --watch it is a wait of no time: a rollout under way is not a success yet.
                var limit = parsed.GetValue(watch) ? parsed.GetValue(timeout) : TimeSpan.Zero;
                var (view, timedOut) = await new RolloutWatch(terminal.WithoutProgress(parsed.GetValue(watch)), client, parsed.GetRequiredValue(id))
                    .FollowAsync(limit, parsed.GetValue(successOnPause), tree: false, cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(view.Status);
                }
                else
                {
                    terminal.WriteMarkup(RolloutTree.Badge(view.Status));
                    if (view.Status.Message.Length > 0)
                    {
                        await terminal.Output.WriteLineAsync(view.Status.Message);
                    }
                }

                return RolloutWatch.CodeOf(view, timedOut, parsed.GetValue(successOnPause));
            });
    }

    private static Terminal WithoutProgress(this Terminal terminal, bool progress) =>
        progress ? terminal : new Terminal(terminal.Output, TextWriter.Null, terminal.Interactive, terminal.Time);
}

/// <summary>The argument that names a rollout.</summary>
internal static class RolloutArgument
{
    public static Argument<string> Create() => new("id") { Description = "The rollout." };

    public static string Path(string id) => $"/api/rollouts/{Uri.EscapeDataString(id)}";
}
