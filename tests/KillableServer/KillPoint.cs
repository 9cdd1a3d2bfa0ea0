using System.Globalization;

namespace Sluice.KillableServer;

/// <summary>Where an activity stands when the server dies.</summary>
public enum KillMoment
{
    /// <summary>It has not acted.</summary>
    Before,

    /// <summary>It has acted, and its result is not recorded.</summary>
    After,

    /// <summary>The commit that recorded its result has just ended; nobody has heard of it.</summary>
    Recorded,
}

/// <summary>A moment of a server's work.</summary>
/// <param name="Moment">Where the activity stands.</param>
/// <param name="Activity">Its name.</param>
/// <param name="Number">Which call of that name since this was asked for, from 1.</param>
public sealed record KillPoint(KillMoment Moment, string Activity, int Number)
{
    /// <summary>The file of a data folder that asks for a kill. Removed when it comes.</summary>
    public static string FileIn(string dataFolder) => Path.Combine(dataFolder, "kill-point");

    /// <summary>The file of a data folder in which the server notes the name of every activity before it acts.</summary>
    public static string ActivitiesIn(string dataFolder) => Path.Combine(dataFolder, "activities-called");

    /// <summary>Reads <c>Moment:Activity:Number</c>.</summary>
    public static KillPoint Parse(string text)
    {
        var words = text.Trim().Split(':');
        return new KillPoint(Enum.Parse<KillMoment>(words[0], ignoreCase: true), words[1], int.Parse(words[2], CultureInfo.InvariantCulture));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Moment}:{Activity}:{Number.ToString(CultureInfo.InvariantCulture)}";
}
