using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>A row of <c>commands</c>.</summary>
internal sealed class CommandRow
{
    public string RolloutId { get; init; } = "";

    public long Number { get; init; }

    public string Key { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Actor { get; init; } = "";

    public string? EnteredFor { get; init; }

    public string ActorGroups { get; init; } = "";

    public string? Reason { get; init; }

    public long At { get; init; }

    /// <summary>JSON of what only some kinds have; null when there is none of it.</summary>
    public string? Details { get; init; }

    public static CommandRow From(Command command) => new()
    {
        RolloutId = command.RolloutId,
        Number = command.Number,
        Key = command.Key,
        Kind = Stored<CommandKind>.Name(command.Kind),
        Actor = command.Actor,
        EnteredFor = command.By,
        ActorGroups = Stored.Json(command.Groups),
        Reason = command.Reason is null ? null : Stored.Clean(command.Reason),
        At = Stored.Ms(command.At),
        Details = command is { Item: null, Evidence: null }
            ? null
            : DurableJson.Write(new CommandDetails(command.Item is null ? null : Stored.Clean(command.Item), command.Passed, command.Evidence)),
    };

    public Command ToCommand()
    {
        var details = DurableJson.Read<CommandDetails>(Details);
        return new(Key, RolloutId, Stored<CommandKind>.Value(Kind), Actor, Reason, Stored.At(At))
        {
            Number = Number,
            Groups = Stored.List(ActorGroups),
            By = EnteredFor,
            Item = details?.Item,
            Passed = details?.Passed ?? true,
            Evidence = details?.Evidence,
        };
    }

    private sealed record CommandDetails(string? Item, bool Passed, string? Evidence);
}
