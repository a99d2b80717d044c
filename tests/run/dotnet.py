"""The .NET package: its tests in C# and in Visual Basic, its NuGet package, and that package used in an empty place."""

from dotnet_sdk import build, command, environment, problem, toolchain  # noqa: F401
