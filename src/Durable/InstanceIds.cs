namespace Sluice.Durable;

/// <summary>The ids that every host and its HTTP API can carry.</summary>
public static class InstanceIds
{
    /// <summary>Longest allowed id, characters.</summary>
    public const int MaxLength = 256;

    /// <summary>Refuses what some host cannot store or its HTTP API cannot address.</summary>
    /// <exception cref="ArgumentException">Empty, longer than 256, starting with <c>@</c>, or holding <c>/ \ # ?</c> or a control character.</exception>
    public static string Validate(string instanceId)
    {
        if (instanceId.Length is 0 or > MaxLength)
        {
            throw new ArgumentException($"An instance id has 1 to {MaxLength} characters, not {instanceId.Length}.", nameof(instanceId));
        }

        if (instanceId[0] == '@' || instanceId.AsSpan().IndexOfAny("/\\#?") >= 0 || instanceId.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"Instance id '{instanceId}' starts with '@' or holds one of / \\ # ? or a control character.", nameof(instanceId));
        }

        return instanceId;
    }
}
