namespace Sluice.Catalog;

/// <summary>A model as its lab made it, whoever sells it.</summary>
/// <param name="Key">Identity across providers: sorted words, a bar, then the numbers in order, such as <c>large-lyra|2</c>.</param>
/// <param name="Lab">Who trained it.</param>
/// <param name="Name">Display name.</param>
/// <param name="Family">Series that it belongs to, if any.</param>
/// <param name="OpenWeights">Whether the weights can be downloaded; null when not known.</param>
/// <param name="ReleaseDate"><c>YYYY-MM</c> or <c>YYYY-MM-DD</c> as published; null when not known.</param>
public sealed record Model(string Key, string Lab, string Name, string? Family, bool? OpenWeights, string? ReleaseDate);
